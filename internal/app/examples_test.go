package app

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/bcn-bot/bcn/internal/bcn"
	"github.com/bcn-bot/bcn/internal/local/aws/cluster"
)

// asHello is examples/rails as the heritage hello, whose image and secret the
// sample account has, with a migration that a machine without Ruby can run.
func (w *world) asHello() string {
	w.t.Helper()
	b, err := os.ReadFile(filepath.Join(w.root(), "examples", "rails", "barcelona.yml"))
	if err != nil {
		w.t.Fatal(err)
	}
	return strings.NewReplacer(
		"name: shop\n", "name: hello\n", "name: shop-staging\n", "name: hello-staging\n",
		"amazonaws.com/shop\n", "amazonaws.com/hello\n", "ssm_path: shop/database_url", "ssm_path: hello/session_secret",
		"ssm_path: shop/secret_key_base", "ssm_path: hello/session_secret", "ssm_path: shop/payment_key", "ssm_path: hello/session_secret",
		"bundle exec rails db:migrate", "sh -c 'echo migrated 3 tables; exit 0'", "force_ssl: true", "force_ssl: false",
	).Replace(string(b))
}

// The examples go from create to a verified rollout.
func TestExamples(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.bot()
	w.commit(w.asHello())
	w.aws.Cluster().PutImage("ticker", "v1", cluster.Image{Behaviour: cluster.Healthy("tick")})
	w.type1(w.aws.SampleCommands()[0], w.aws.SampleCommands()[1],
		"/bcn endpoint create internal --district default --for production,staging",
		"/bcn create hello production --district default --source github:acme/hello",
		"/bcn create ticker production --district default --source dir:examples/worker")

	t.Run("a Rails app: two web services on one endpoint by path, a migration first, all of it verified", func(t *testing.T) {
		w := w.in(t)
		r := w.waiting("v2")
		r.says(`nothing reads the key "review"`, `nothing reads the key "bcnd"`, "runs in a task of the new image")
		r.press("U0LEAD", "approve")
		r.state(bcn.ChangeSucceeded)
		// site and worker have as many tasks as their auto scaling has come to.
		r.says("ended with exit code 0", "`api` 3/3 running, 6/6 healthy", "`mailer` 1/1 running", "`site` ", "`worker` ")
		w.inThread(r.card, "migrated 3 tables")
	})
	t.Run("the smallest file: one worker", func(t *testing.T) {
		w := w.in(t)
		if said := w.slash("U0DEV", deploys, "deploy ticker production v1 --reason smallest"); said != "" {
			t.Fatal(said)
		}
		card := w.card(deploys, "smallest", "waits for approval")
		r := request{w, idOf(t, card), card}
		r.press("U0LEAD", "approve")
		r.state(bcn.ChangeSucceeded)
		r.says("`worker` 1/1 running")
	})
}

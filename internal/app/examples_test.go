package app

import (
	"testing"

	"github.com/bcn-bot/bcn/internal/bcn"
)

// The examples go from create to a verified rollout, as they are, in the
// account of `bot dev`, by the commands of docs/local.md.
func TestExamples(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.bot()
	w.type1(w.aws.SampleCommands()[0], w.aws.SampleCommands()[1],
		"/bcn endpoint create internal --district default --for production,staging",
		"/bcn create shop production --district default --source dir:examples/rails",
		"/bcn create ticker production --district default --source dir:examples/worker")

	t.Run("a Rails app: two web services on one endpoint by path, a migration first, all of it verified", func(t *testing.T) {
		w := w.in(t)
		r := w.dana("deploy shop production v1 --reason complete", "complete", "waits for approval")
		r.says(`nothing reads the key "review"`, `nothing reads the key "bcnd"`, "runs in a task of the new image")
		r.press("U0LEAD", "approve")
		r.state(bcn.ChangeSucceeded)
		// site and worker have as many tasks as their auto scaling has come to.
		r.says("ended with exit code 0", "`api` 3/3 running, 6/6 healthy", "`mailer` 1/1 running", "`site` ", "`worker` ")
		w.inThread(r.card, "$ bundle exec rails db:migrate")
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

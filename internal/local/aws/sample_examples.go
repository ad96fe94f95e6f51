package aws

import (
	"maps"
	"slices"

	"github.com/bcn-bot/bcn/internal/local/aws/cluster"
)

// sampleExamples are the apps of examples/ beside the sample app: what each
// needs of the account before somebody types create and deploy.
func sampleExamples() []example {
	return []example{
		{
			repository: "shop", // examples/rails
			images:     map[string]cluster.Behaviour{"v1": cluster.Healthy("Listening on 0.0.0.0:3000"), "v2": cluster.Healthy("Listening on 0.0.0.0:3000, faster")},
			parameters: []string{
				"shop/database_url", "shop/secret_key_base", "shop/payment_key", "shop-staging/database_url", "shop-staging/secret_key_base",
			},
		},
		{repository: "ticker", images: map[string]cluster.Behaviour{"v1": cluster.Healthy("tick"), "v2": cluster.Healthy("tick", "tock")}},
		{repository: "crawler", images: map[string]cluster.Behaviour{"v1": cluster.Healthy("crawling"), "v2": cluster.Healthy("crawling faster")}}, // examples/machines
		{
			repository: "docker-hub/redash/redash",
			images:     map[string]cluster.Behaviour{"25.8.0": cluster.Healthy("Starting with 2 processes")},
			key:        "alias/redash",
			parameters: []string{
				"redash/REDASH_DATABASE_URL", "redash/REDASH_REDIS_URL", "redash/REDASH_COOKIE_SECRET", "redash/REDASH_SECRET_KEY",
			},
		},
	}
}

// example is what one of the examples needs.
type example struct {
	repository string
	images     map[string]cluster.Behaviour // by tag
	key        string                       // alias of its own key; empty: AWS's
	parameters []string                     // below the district's place
}

// putExamples fills the account with what the examples need. The values of
// their parameters mean nothing.
func (s *Server) putExamples() {
	a := s.parts.account
	for _, e := range sampleExamples() {
		for _, tag := range slices.Sorted(maps.Keys(e.images)) {
			s.parts.cluster.PutImage(e.repository, tag, cluster.Image{Behaviour: e.images[tag]})
		}
		a.mu.Lock()
		key, id := awsKeys+"ssm", ""
		if e.key != "" {
			key, id = e.key, a.addKey(a.Region, e.key, kmsKey{description: "What " + e.repository + " keeps secret"}).id
		}
		for _, path := range e.parameters {
			a.putSampleParameter(path, key, id)
		}
		a.mu.Unlock()
	}
}

// putSampleParameter puts a random value below the district's place; the
// caller holds mu.
func (a *Account) putSampleParameter(path, key, id string) {
	name := "/barcelona/" + sampleDistrict + "/" + path
	a.in(a.Region).parameters[name] = &parameter{
		name: name, kind: secure, value: random(40, base64Like), key: key, keyID: id,
		version: 1, modified: a.clock.Now(), by: a.administrator().ARN, tags: map[string]string{},
	}
}

package aws_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	awssdk "github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecr"
	"github.com/aws/aws-sdk-go-v2/service/ssm"

	"github.com/bcn-bot/bcn/internal/local/aws"
	"github.com/bcn-bot/bcn/internal/manifest"
)

// An example cannot be deployed in the sample account unless the account has
// its image and every parameter that its file names.
func TestSampleHasWhatEveryExampleNeeds(t *testing.T) {
	t.Parallel()
	w := newWorld(t, func(o *aws.Options) { o.Sample = true })
	bot := w.bot(t)
	there, keys := map[string]bool{}, map[string]string{}
	pages := ssm.NewDescribeParametersPaginator(ssm.NewFromConfig(bot), &ssm.DescribeParametersInput{})
	for pages.HasMorePages() {
		for _, p := range must[*ssm.DescribeParametersOutput](t)(pages.NextPage(t.Context())).Parameters {
			there[*p.Name], keys[*p.Name] = true, *p.KeyId
		}
	}
	for _, folder := range []string{"hello", "rails", "worker", "redash", "machines", "shifting"} {
		data, err := os.ReadFile(filepath.Join("..", "..", "..", "examples", folder, "barcelona.yml"))
		if err != nil {
			t.Fatal(err)
		}
		file, problems := manifest.Parse(folder, data)
		if file == nil {
			t.Fatal(problems)
		}
		for env, h := range file.Environments {
			t.Run(folder+" in "+env, func(t *testing.T) {
				t.Parallel()
				_, repository, _ := strings.Cut(h.ImageName, "/")
				images := must[*ecr.DescribeImagesOutput](t)(ecr.NewFromConfig(bot).DescribeImages(t.Context(), &ecr.DescribeImagesInput{RepositoryName: awssdk.String(repository)}))
				if len(images.ImageDetails) == 0 {
					t.Errorf("%s holds no image", repository)
				}
				for _, v := range h.Environment {
					if v.SSMPath != "" && !there["/barcelona/default/"+v.SSMPath] {
						t.Errorf("%s is not there", v.SSMPath)
					}
				}
			})
		}
	}
	if keys["/barcelona/default/redash/REDASH_DATABASE_URL"] != "alias/redash" || keys["/barcelona/default/shop/database_url"] != "alias/aws/ssm" {
		t.Errorf("they are encrypted with %v", keys)
	}
}

package render

import (
	"sort"
	"strings"

	"github.com/bcn-bot/bcn/internal/bcn"
)

// ecrRepository answers the ARN of a private ECR repository, or "" for an
// image of another registry: {account}.dkr.ecr.{region}.{domain}/{name}.
func ecrRepository(image string) string {
	host, name, ok := strings.Cut(image, "/")
	parts := strings.SplitN(host, ".", 5)
	if !ok || len(parts) != 5 || parts[1] != "dkr" || parts[2] != "ecr" || bcn.Partition(parts[3]) == "" || parts[4] != bcn.Domain(parts[3]) {
		return ""
	}
	return bcn.District{Region: parts[3], Account: parts[0]}.ARN("ecr", "repository/"+name)
}

// parameterARN is the ARN of a Parameter Store name; an ARN stays.
func parameterARN(d bcn.District, from string) string {
	if strings.HasPrefix(from, "arn:") {
		return from
	}
	return d.ARN("ssm", "parameter/"+strings.TrimPrefix(from, "/"))
}

// secretARNs answers the ARN of a Secrets Manager secret as IAM knows it,
// without what ECS takes behind it (key, version stage, version), or none. The
// full ARN ends in a hyphen and six random characters, and so may a name: what
// looks complete is both itself and, with six more, the secret of that name.
func secretARNs(from string) []string {
	parts := strings.Split(from, ":")
	if len(parts) < 7 || parts[2] != "secretsmanager" {
		return nil
	}
	arn := strings.Join(parts[:7], ":")
	if i := strings.LastIndex(parts[6], "-"); i >= 0 && len(parts[6])-i-1 == 6 {
		return []string{arn, arn + "-??????"}
	}
	return []string{arn + "-??????"}
}

func unique(list []string) []string {
	sort.Strings(list)
	out := list[:0]
	for i, v := range list {
		if i == 0 || v != list[i-1] {
			out = append(out, v)
		}
	}
	return out
}

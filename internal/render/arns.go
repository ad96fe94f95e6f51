package render

import (
	"sort"
	"strings"

	"github.com/bcn-bot/bcn/internal/bcn"
)

// ecrRepository answers the ARN of a private ECR repository, or "" for an
// image of another registry: {account}.dkr.ecr.{region}.amazonaws.com/{name}.
func ecrRepository(image string) string {
	host, name, ok := strings.Cut(image, "/")
	parts := strings.Split(host, ".")
	if !ok || len(parts) != 6 || parts[1] != "dkr" || parts[2] != "ecr" || parts[4] != "amazonaws" || parts[5] != "com" {
		return ""
	}
	return "arn:aws:ecr:" + parts[3] + ":" + parts[0] + ":repository/" + name
}

// parameterARN is the ARN of a Parameter Store name; an ARN stays.
func parameterARN(d bcn.District, from string) string {
	if strings.HasPrefix(from, "arn:") {
		return from
	}
	return "arn:aws:ssm:" + d.Region + ":" + d.Account + ":parameter/" + strings.TrimPrefix(from, "/")
}

// secretARN answers the ARN of a Secrets Manager secret as IAM knows it: what
// ECS takes behind it (key, version stage, version) is cut off, and where the
// six random characters of the full ARN are missing they are matched.
func secretARN(from string) (string, bool) {
	parts := strings.Split(from, ":")
	if len(parts) < 7 || parts[2] != "secretsmanager" {
		return "", false
	}
	name := parts[6]
	if i := strings.LastIndex(name, "-"); i < 0 || len(name)-i-1 != 6 {
		name += "-??????"
	}
	return strings.Join(append(parts[:6:6], name), ":"), true
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

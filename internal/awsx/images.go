package awsx

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecr"
	"github.com/aws/aws-sdk-go-v2/service/ecr/types"

	"github.com/bcn-bot/bcn/internal/bcn"
)

// ImageDigest answers the digest of a tag, or of a digest itself, in an ECR
// repository of the session's account. What is not there is ErrNotFound.
func (s *Session) ImageDigest(ctx context.Context, account, repository, tag, digest string) (string, error) {
	out, err := s.ecr().DescribeImages(ctx, &ecr.DescribeImagesInput{
		RegistryId: optional(account), RepositoryName: aws.String(repository),
		ImageIds: []types.ImageIdentifier{{ImageTag: optional(tag), ImageDigest: optional(digest)}},
	})
	if err != nil {
		switch CodeOf(err) {
		case "ImageNotFoundException", "RepositoryNotFoundException":
			return "", s.missing(err)
		}
		return "", s.wrap(err)
	}
	if len(out.ImageDetails) == 0 {
		return "", bcn.E(bcn.CodeUnavailable, "what", "AWS ECR").Wrap(ErrNotFound)
	}
	return aws.ToString(out.ImageDetails[0].ImageDigest), nil
}

// ImageTags lists the tags of an ECR repository, at most limit of them.
func (s *Session) ImageTags(ctx context.Context, account, repository string, limit int) ([]string, error) {
	var list []string
	pages := ecr.NewListImagesPaginator(s.ecr(), &ecr.ListImagesInput{
		RegistryId: optional(account), RepositoryName: aws.String(repository),
		Filter: &types.ListImagesFilter{TagStatus: types.TagStatusTagged},
	})
	for pages.HasMorePages() && len(list) < limit {
		page, err := pages.NextPage(ctx)
		if err != nil {
			if CodeOf(err) == "RepositoryNotFoundException" {
				return nil, s.missing(err)
			}
			return nil, s.wrap(err)
		}
		for _, id := range page.ImageIds {
			if tag := aws.ToString(id.ImageTag); tag != "" {
				list = append(list, tag)
			}
		}
	}
	return list[:min(len(list), limit)], nil
}

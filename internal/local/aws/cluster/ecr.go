package cluster

import (
	"cmp"
	"encoding/base64"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/bcn-bot/bcn/internal/local/aws/wire"
)

func (c *Cluster) ecrActions() map[string]action {
	return map[string]action{
		"DescribeRepositories":      c.describeRepositories,
		"DescribeImages":            c.describeImages,
		"DescribeImageScanFindings": c.describeImageScanFindings,
		"ListImages":                c.listImages,
		"BatchGetImage":             c.batchGetImage,
		"GetAuthorizationToken":     c.getAuthorizationToken,
	}
}

func repositoryARN(at site, name string) string { return at.arn("ecr", "repository/"+name) }

// ecrRepository finds and authorizes; who may not look is not told whether it is there.
func (c *Cluster) ecrRepository(at site, in tree, action string) (*repository, error) {
	name := in.str("repositoryName")
	if name == "" {
		return nil, wire.Errorf("InvalidParameterException", "Invalid parameter at 'repositoryName' failed to satisfy constraint: 'must not be null'")
	}
	r := c.registry[name]
	tags := map[string]string{}
	if r != nil {
		tags = r.labels
	}
	if err := at.allow(action, repositoryARN(at, name), keysOf(tags, "ecr")); err != nil {
		return nil, err
	}
	if err := registryOf(at, in); err != nil {
		return nil, err
	}
	if r == nil || isForeign(name) {
		return nil, wire.Errorf("RepositoryNotFoundException",
			"The repository with name '%s' does not exist in the registry with id '%s'", name, at.account)
	}
	return r, nil
}

// isForeign tells a repository of another registry, which ECR does not list.
func isForeign(name string) bool {
	host, _, found := strings.Cut(name, "/")
	return found && strings.ContainsAny(host, ".:")
}

func (c *Cluster) describeRepositories(at site, in tree) (tree, error) {
	names := in.strs("repositoryNames")
	if len(names) == 0 {
		if err := at.allow("ecr:DescribeRepositories", at.arn("ecr", "repository/*"), nil); err != nil {
			return nil, err
		}
		for _, n := range slices.Sorted(maps.Keys(c.registry)) {
			if !isForeign(n) {
				names = append(names, n)
			}
		}
	}
	part, next, err := page(names, in.str("nextToken"), in.num("maxResults", 100), "repositories")
	if err != nil {
		return nil, err
	}
	out := []any{}
	for _, n := range part {
		r, err := c.ecrRepository(at, tree{"repositoryName": n, "registryId": in.str("registryId")}, "ecr:DescribeRepositories")
		if err != nil {
			return nil, err
		}
		out = append(out, map[string]any{
			"repositoryArn": repositoryARN(at, n), "repositoryName": n, "registryId": at.account,
			"repositoryUri": registryHost(at) + "/" + n, "createdAt": r.created, "imageTagMutability": "MUTABLE",
		})
	}
	return tree{"repositories": out}.put("nextToken", next), nil
}

func registryHost(at site) string { return at.account + ".dkr.ecr." + at.region + ".amazonaws.com" }

// imageOf finds what an image id (a tag, a digest, or both) names.
func (r *repository) imageOf(id tree) *storedImage {
	digest, tag := id.str("imageDigest"), id.str("imageTag")
	if tag != "" {
		if digest != "" && r.tags[tag] != digest {
			return nil
		}
		digest = r.tags[tag]
	}
	return r.images[digest]
}

// newestFirst are all images, in the order in which they were pushed, the last first.
func (r *repository) newestFirst() []*storedImage {
	return slices.SortedFunc(maps.Values(r.images), func(a, b *storedImage) int {
		return cmp.Or(b.pushed.Compare(a.pushed), cmp.Compare(a.Digest, b.Digest))
	})
}

func (c *Cluster) describeImages(at site, in tree) (tree, error) {
	r, err := c.ecrRepository(at, in, "ecr:DescribeImages")
	if err != nil {
		return nil, err
	}
	var found []*storedImage
	for _, id := range in.items("imageIds") {
		image := r.imageOf(id)
		if image == nil {
			return nil, wire.Errorf("ImageNotFoundException",
				"The image with imageId {imageDigest:'%s', imageTag:'%s'} does not exist within the repository with name '%s' in the registry with id '%s'",
				cmp.Or(id.str("imageDigest"), "null"), cmp.Or(id.str("imageTag"), "null"), r.name, at.account)
		}
		if !slices.Contains(found, image) {
			found = append(found, image)
		}
	}
	if !in.has("imageIds") {
		for _, image := range r.newestFirst() {
			if r.matches(image.Digest, in.node("filter").str("tagStatus")) {
				found = append(found, image)
			}
		}
	}
	part, next, err := page(found, in.str("nextToken"), in.num("maxResults", 100), "images "+r.name)
	if err != nil {
		return nil, err
	}
	out := []any{}
	for _, image := range part {
		d := tree{
			"registryId": at.account, "repositoryName": r.name, "imageDigest": image.Digest,
			"imageSizeInBytes": image.Size, "imagePushedAt": image.pushed,
			"imageManifestMediaType": manifestType, "artifactMediaType": configType,
		}
		if tags := r.tagsOf(image.Digest); len(tags) > 0 {
			d["imageTags"] = anys(tags)
		}
		out = append(out, plain(d))
	}
	return tree{"imageDetails": out}.put("nextToken", next), nil
}

const (
	manifestType = "application/vnd.docker.distribution.manifest.v2+json"
	configType   = "application/vnd.docker.container.image.v1+json"
)

// matches applies a tagStatus filter: TAGGED, UNTAGGED or ANY.
func (r *repository) matches(digest, status string) bool {
	tagged := len(r.tagsOf(digest)) > 0
	return status == "" || status == "ANY" || (status == "TAGGED") == tagged
}

func (c *Cluster) listImages(at site, in tree) (tree, error) {
	r, err := c.ecrRepository(at, in, "ecr:ListImages")
	if err != nil {
		return nil, err
	}
	var ids []any
	for _, image := range r.newestFirst() {
		if !r.matches(image.Digest, in.node("filter").str("tagStatus")) {
			continue
		}
		tags := r.tagsOf(image.Digest)
		for _, tag := range tags {
			ids = append(ids, map[string]any{"imageDigest": image.Digest, "imageTag": tag})
		}
		if len(tags) == 0 {
			ids = append(ids, map[string]any{"imageDigest": image.Digest})
		}
	}
	part, next, err := page(ids, in.str("nextToken"), in.num("maxResults", 100), "ids "+r.name)
	if err != nil {
		return nil, err
	}
	return tree{"imageIds": anys(part)}.put("nextToken", next), nil
}

func (c *Cluster) batchGetImage(at site, in tree) (tree, error) {
	r, err := c.ecrRepository(at, in, "ecr:BatchGetImage")
	if err != nil {
		return nil, err
	}
	images, failures := []any{}, []any{}
	for _, id := range in.items("imageIds") {
		image := r.imageOf(id)
		if image == nil {
			failures = append(failures, map[string]any{
				"imageId": map[string]any(id), "failureCode": "ImageNotFound", "failureReason": "Requested image not found",
			})
			continue
		}
		images = append(images, map[string]any{
			"registryId": at.account, "repositoryName": r.name,
			"imageId":                map[string]any(tree{"imageDigest": image.Digest}.put("imageTag", id.str("imageTag"))),
			"imageManifest":          `{"schemaVersion":2,"mediaType":"` + manifestType + `"}`,
			"imageManifestMediaType": manifestType,
		})
	}
	return tree{"images": images, "failures": failures}, nil
}

// tokenLife is how long an authorization token is valid.
const tokenLife = 12 * time.Hour

func (c *Cluster) getAuthorizationToken(at site, _ tree) (tree, error) {
	if err := at.allow("ecr:GetAuthorizationToken", "*", nil); err != nil {
		return nil, err
	}
	return tree{"authorizationData": []any{map[string]any{
		"authorizationToken": base64.StdEncoding.EncodeToString([]byte("AWS:" + c.id())),
		"expiresAt":          c.now.Add(tokenLife),
		"proxyEndpoint":      "https://" + registryHost(at),
	}}}, nil
}

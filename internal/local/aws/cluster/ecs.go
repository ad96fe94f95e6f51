package cluster

import (
	"cmp"
	"maps"
	"slices"
	"strings"

	"github.com/bcn-bot/bcn/internal/local/aws/wire"
)

func (c *Cluster) ecsActions() map[string]action {
	return map[string]action{
		"DescribeClusters":              c.describeClusters,
		"ListClusters":                  c.listClusters,
		"ListServices":                  c.listServices,
		"DescribeServices":              c.describeServices,
		"UpdateService":                 c.updateServiceCall,
		"ListServiceDeployments":        c.listServiceDeployments,
		"DescribeServiceDeployments":    c.describeServiceDeployments,
		"StopServiceDeployment":         c.stopServiceDeployment,
		"ContinueServiceDeployment":     c.continueServiceDeployment,
		"RegisterTaskDefinition":        c.registerTaskDefinition,
		"DescribeTaskDefinition":        c.describeTaskDefinition,
		"DeregisterTaskDefinition":      c.deregisterTaskDefinition,
		"ListTaskDefinitions":           c.listTaskDefinitions,
		"RunTask":                       c.runTask,
		"StopTask":                      c.stopTask,
		"ListTasks":                     c.listTasks,
		"DescribeTasks":                 c.describeTasks,
		"ListContainerInstances":        c.listInstances,
		"DescribeContainerInstances":    c.describeInstances,
		"UpdateContainerInstancesState": c.updateInstances,
		"TagResource":                   c.tagResource,
		"ListTagsForResource":           c.listTagsForResource,
	}
}

// tail is what follows the resource type in an ARN, or the name as given.
func tail(ref, kind string) string {
	if _, rest, found := strings.Cut(ref, ":"+kind+"/"); found {
		return rest
	}
	return ref
}

func clusterARN(at site, ref string) string {
	if strings.HasPrefix(ref, "arn:") {
		return ref
	}
	return at.arn("ecs", "cluster/"+cmp.Or(ref, "default"))
}

func clusterKeys(arn string, tags map[string]string) map[string][]string {
	keys := keysOf(tags, "ecs")
	keys["ecs:cluster"] = []string{arn}
	return keys
}

// clusterOf finds the cluster that a call names.
func (c *Cluster) clusterOf(at site, ref string) (*ecsCluster, error) {
	k := c.clusters[clusterARN(at, ref)]
	if k == nil || k.inactive {
		return nil, wire.Errorf("ClusterNotFoundException", "Cluster not found.")
	}
	return k, nil
}

// PutCluster makes an ECS cluster, or answers its ARN where it is there.
func (c *Cluster) PutCluster(account, region, name string, tags map[string]string) string {
	unlock, err := c.enter()
	if err != nil {
		return ""
	}
	defer unlock()
	return c.addCluster(site{account: account, region: region}, name, tree{}, tags).arn
}

func (c *Cluster) addCluster(at site, name string, spec tree, tags map[string]string) *ecsCluster {
	arn := clusterARN(at, name)
	k := c.clusters[arn]
	if k == nil || k.inactive {
		at.authorize = nil
		k = &ecsCluster{arn: arn, name: name, at: at, created: c.now, spec: spec, tags: tags}
		c.clusters[arn] = k
	}
	return k
}

func (c *Cluster) describeClusters(at site, in tree) (tree, error) {
	refs := in.strs("clusters")
	if len(refs) == 0 {
		refs = []string{"default"}
	}
	found, failures := []any{}, []any{}
	for _, ref := range refs {
		arn := clusterARN(at, ref)
		k := c.clusters[arn]
		tags := map[string]string{}
		if k != nil {
			tags = k.tags
		}
		if err := at.allow("ecs:DescribeClusters", arn, keysOf(tags, "ecs")); err != nil {
			return nil, err
		}
		if k == nil {
			failures = append(failures, map[string]any{"arn": arn, "reason": "MISSING"})
			continue
		}
		found = append(found, c.describeCluster(k, in.strs("include")))
	}
	return tree{"clusters": found, "failures": failures}, nil
}

func (c *Cluster) describeCluster(k *ecsCluster, include []string) map[string]any {
	services, run, pend := 0, 0, 0
	for _, s := range c.services {
		if s.cluster == k && s.status == "ACTIVE" {
			services++
		}
	}
	for _, t := range c.tasks {
		if t.cluster == k && t.status == running {
			run++
		} else if t.cluster == k && t.pending() {
			pend++
		}
	}
	d := tree{
		"clusterArn": k.arn, "clusterName": k.name, "status": "ACTIVE", "registeredContainerInstancesCount": len(c.instancesOf(k)),
		"runningTasksCount": run, "pendingTasksCount": pend, "activeServicesCount": services,
		"statistics": []any{}, "tags": []any{}, "settings": []any{}, "capacityProviders": []any{},
		"defaultCapacityProviderStrategy": []any{},
	}
	if k.inactive {
		d["status"] = "INACTIVE"
	}
	if slices.Contains(include, "TAGS") {
		d["tags"] = tagsOut(k.tags, "key", "value")
	}
	if slices.Contains(include, "SETTINGS") && k.spec.has("clusterSettings") {
		d["settings"] = k.spec["clusterSettings"]
	}
	if k.spec.has("capacityProviders") {
		d["capacityProviders"] = k.spec["capacityProviders"]
	}
	return d
}

func (c *Cluster) listClusters(at site, in tree) (tree, error) {
	if err := at.allow("ecs:ListClusters", "*", nil); err != nil {
		return nil, err
	}
	var arns []string
	for _, arn := range slices.Sorted(maps.Keys(c.clusters)) {
		if strings.HasPrefix(arn, at.arn("ecs", "")) && !c.clusters[arn].inactive {
			arns = append(arns, arn)
		}
	}
	part, next, err := page(arns, in.str("nextToken"), in.num("maxResults", 100), "clusters")
	if err != nil {
		return nil, err
	}
	return tree{"clusterArns": anys(part)}.put("nextToken", next), nil
}

// tagged finds the tags of an ECS resource by its ARN, and how to set them.
func (c *Cluster) tagged(arn string) (tags map[string]string, set func(map[string]string), err error) {
	if k := c.clusters[arn]; k != nil {
		return k.tags, func(tags map[string]string) { k.tags = tags }, nil
	}
	if s := c.services[arn]; s != nil {
		return s.tags, func(tags map[string]string) { s.tags = tags }, nil
	}
	if t := c.tasks[arn]; t != nil {
		return t.tags, func(tags map[string]string) { t.tags = tags }, nil
	}
	for _, f := range c.families {
		for _, d := range f.revisions {
			if d.arn == arn {
				return d.tags, func(tags map[string]string) { d.tags = tags }, nil
			}
		}
	}
	return nil, nil, wire.Errorf("ResourceNotFoundException", "The specified resource was not found: %s", arn)
}

// maxTags is how many tags a resource of AWS may have.
const maxTags = 50

func (c *Cluster) tagResource(at site, in tree) (tree, error) {
	arn, tags := in.str("resourceArn"), tagsIn(in, "tags")
	old, set, err := c.tagged(arn)
	if denied := at.allow("ecs:TagResource", arn, withRequestTags(keysOf(old, "ecs"), tags)); denied != nil {
		return nil, denied
	}
	if err != nil {
		return nil, err
	}
	if err := checkTags(tags); err != nil {
		return nil, err
	}
	merged := map[string]string{}
	maps.Copy(merged, old)
	maps.Copy(merged, tags)
	if len(merged) > maxTags {
		return nil, wire.Errorf("InvalidParameterException", "The number of tags must be at most %d.", maxTags)
	}
	set(merged)
	return tree{}, nil
}

func (c *Cluster) listTagsForResource(at site, in tree) (tree, error) {
	arn := in.str("resourceArn")
	old, _, err := c.tagged(arn)
	if denied := at.allow("ecs:ListTagsForResource", arn, keysOf(old, "ecs")); denied != nil {
		return nil, denied
	}
	if err != nil {
		return nil, err
	}
	return tree{"tags": tagsOut(old, "key", "value")}, nil
}

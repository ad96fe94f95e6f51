package cluster

import (
	"fmt"
	"strings"
)

// initialise checks what Fargate fetches before a container starts; the
// answer is why it cannot, in the words of ECS.
func (c *Cluster) initialise(t *task) string {
	role := t.def.spec.str("executionRoleArn")
	if o := t.overrides.str("executionRoleArn"); o != "" {
		role = o
	}
	for _, cd := range t.def.spec.items("containerDefinitions") {
		if p := c.checkRegistry(t, role, parseReference(cd.str("image"))); p != "" {
			return "unable to pull secrets or registry auth: " + p
		}
		if from := cd.node("repositoryCredentials").str("credentialsParameter"); from != "" {
			if p := c.checkSecretsManager(t, role, from); p != "" {
				return "unable to pull secrets or registry auth: " + p
			}
		}
		for _, s := range cd.items("secrets") {
			if p := c.checkSecret(t, role, s.str("valueFrom")); p != "" {
				return "unable to pull secrets or registry auth: " + p
			}
		}
	}
	for _, k := range t.containers {
		if p := c.openLog(t, role, k); p != "" {
			return "failed to validate logger args: create stream has been retried 1 times: " +
				"failed to create Cloudwatch log stream: " + p + " : exit status 1"
		}
	}
	return ""
}

const retrieval = "execution resource retrieval failed: unable to retrieve "

// denied is the text of an AccessDeniedException that a task's role runs into.
func denied(t *task, role, action, resource string) string {
	name := role[strings.LastIndex(role, "/")+1:]
	return fmt.Sprintf("service call has been retried 1 time(s): AccessDeniedException: User: arn:aws:sts::%s:assumed-role/%s/%s "+
		"is not authorized to perform: %s on resource: %s because no identity-based policy allows the %s action",
		t.at.account, name, t.id, action, resource, action)
}

func (c *Cluster) checkRegistry(t *task, role string, ref reference) string {
	if ref.account == "" {
		return ""
	}
	const auth = retrieval + "ecr registry auth: "
	if role == "" {
		return auth + "no execution role"
	}
	if c.roles.Allows(t.at.region, role, "ecr:GetAuthorizationToken", "*", nil) != nil {
		return auth + denied(t, role, "ecr:GetAuthorizationToken", "*")
	}
	arn := "arn:aws:ecr:" + ref.region + ":" + ref.account + ":repository/" + ref.repo
	for _, action := range []string{"ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer"} {
		if c.roles.Allows(t.at.region, role, action, arn, nil) != nil {
			return auth + denied(t, role, action, arn)
		}
	}
	return ""
}

// checkSecret follows valueFrom: a parameter's name or ARN, or the ARN of a
// secret, perhaps with :json-key:stage:version behind it.
func (c *Cluster) checkSecret(t *task, role, from string) string {
	if strings.HasPrefix(from, "arn:aws:secretsmanager:") {
		return c.checkSecretsManager(t, role, from)
	}
	arn, name, region := from, from, t.at.region
	if strings.HasPrefix(from, "arn:") {
		part := strings.SplitN(from, ":", 6)
		if len(part) < 6 || part[2] != "ssm" {
			return retrieval + "secrets: invalid secret ARN " + from
		}
		region = part[3]
		name = strings.TrimPrefix(part[5], "parameter")
		if strings.Count(name, "/") == 1 && !c.secrets.Parameter(region, name) {
			name = strings.TrimPrefix(name, "/") // arn:...:parameter/name is also the parameter "name"
		}
	} else {
		arn = t.at.arn("ssm", "parameter/"+strings.TrimPrefix(from, "/"))
	}
	if c.roles.Allows(t.at.region, role, "ssm:GetParameters", arn, nil) != nil {
		return retrieval + "secrets from ssm: " + denied(t, role, "ssm:GetParameters", arn)
	}
	if !c.secrets.Parameter(region, name) {
		return retrieval + "secrets from ssm: service call has been retried 1 time(s): invalid ssm parameters: " + from
	}
	if p := c.cannotDecrypt(t, role, func() (string, map[string][]string) { return c.secrets.ParameterKey(region, name) }); p != "" {
		return retrieval + "secrets from ssm: " + p
	}
	return ""
}

// checkSecretsManager reads a secret as the execution role does: one that is
// injected, or what logs in to a private registry. Such a one may be named
// without an ARN.
func (c *Cluster) checkSecretsManager(t *task, role, from string) string {
	if !strings.HasPrefix(from, "arn:") {
		from = t.at.arn("secretsmanager", "secret:"+from)
	}
	part := strings.Split(from, ":")
	arn := strings.Join(part[:min(len(part), 7)], ":")
	if c.roles.Allows(t.at.region, role, "secretsmanager:GetSecretValue", arn, nil) != nil {
		return retrieval + "secret from asm: " + denied(t, role, "secretsmanager:GetSecretValue", arn)
	}
	if p := c.cannotDecrypt(t, role, func() (string, map[string][]string) { return c.secrets.SecretKey(arn) }); p != "" {
		return retrieval + "secret from asm: " + p
	}
	if !c.secrets.Secret(arn) {
		return retrieval + "secret from asm: service call has been retried 1 time(s): failed to fetch secret " + arn +
			" from secrets manager: ResourceNotFoundException: Secrets Manager can't find the specified secret."
	}
	return ""
}

// cannotDecrypt tells why a role cannot read what is encrypted with a
// customer's key: the service decrypts in the role's name.
func (c *Cluster) cannotDecrypt(t *task, role string, key func() (string, map[string][]string)) string {
	const action = "kms:Decrypt"
	arn, use := key()
	if arn == "" || c.roles.Allows(t.at.region, role, action, arn, use) == nil {
		return ""
	}
	return denied(t, role, action, arn)
}

// openLog makes the log stream of a container that logs with awslogs.
func (c *Cluster) openLog(t *task, role string, k *container) string {
	log := k.spec.node("logConfiguration")
	if log.str("logDriver") != "awslogs" {
		return ""
	}
	o := log.node("options")
	at := site{account: t.at.account, region: o.str("awslogs-region")}
	arn := groupARN(at, o.str("awslogs-group"))
	if c.roles.Allows(t.at.region, role, "logs:CreateLogStream", arn+":*", nil) != nil || c.roles.Allows(t.at.region, role, "logs:PutLogEvents", arn+":*", nil) != nil {
		return denied(t, role, "logs:CreateLogStream", arn+":*")
	}
	g := c.groups[arn]
	if g == nil {
		return "ResourceNotFoundException: The specified log group does not exist."
	}
	name := o.str("awslogs-stream-prefix") + "/" + k.name + "/" + t.id
	k.stream = &logStream{name: name, created: c.now}
	g.streams[name] = k.stream
	return ""
}

func (c *Cluster) writeLine(k *container, text string) {
	if k.stream != nil {
		c.add(k.stream, c.now, text)
	}
}

// address is the next address of a task's network interface.
func (c *Cluster) address() string {
	c.hosts++
	n := c.hosts % (250 * 250)
	return fmt.Sprintf("10.0.%d.%d", n/250+1, n%250+4)
}

package render

// The resource types that bcn writes, with the properties that it uses. The
// names are CloudFormation's.

type logGroup struct {
	LogGroupName    string
	RetentionInDays int
	Tags            []tag
}

type role struct {
	RoleName                 string
	Path                     string
	Description              string
	PermissionsBoundary      string
	AssumeRolePolicyDocument policyDocument
	Policies                 []inlinePolicy `json:",omitempty"`
	Tags                     []tag
}

type inlinePolicy struct {
	PolicyName     string
	PolicyDocument policyDocument
}

type policyDocument struct {
	Version   string
	Statement []statement
}

type statement struct {
	Effect    string
	Principal map[string]string         `json:",omitempty"`
	Action    []string                  // sorted
	Resource  []string                  `json:",omitempty"` // sorted
	Condition map[string]map[string]any `json:",omitempty"`
}

type taskDefinition struct {
	Family                  string
	Cpu                     string `json:",omitempty"` // "" on EC2
	Memory                  string `json:",omitempty"`
	NetworkMode             string
	RequiresCompatibilities []string
	ExecutionRoleArn        any
	TaskRoleArn             any
	ContainerDefinitions    []container
	Volumes                 []volume `json:",omitempty"`
	Tags                    []tag
}

type container struct {
	Name                  string
	Image                 string
	RepositoryCredentials *repositoryCredentials `json:",omitempty"`
	Essential             bool
	Cpu                   int              `json:",omitempty"`
	Memory                int              `json:",omitempty"` // only on EC2; Fargate has the task's
	EntryPoint            []string         `json:",omitempty"`
	Command               []string         `json:",omitempty"`
	Environment           []keyValue       `json:",omitempty"`
	Secrets               []secret         `json:",omitempty"`
	PortMappings          []portMapping    `json:",omitempty"`
	LinuxParameters       *linuxParameters `json:",omitempty"`
	StopTimeout           int              `json:",omitempty"` // seconds between TERM and KILL
	Ulimits               []ulimit         `json:",omitempty"`
	MountPoints           []mountPoint     `json:",omitempty"`
	LogConfiguration      logConfiguration
	FirelensConfiguration *firelensConfiguration `json:",omitempty"`
}

type repositoryCredentials struct {
	CredentialsParameter string
}

type ulimit struct {
	Name      string
	SoftLimit int
	HardLimit int
}

type mountPoint struct {
	SourceVolume  string
	ContainerPath string
	ReadOnly      bool `json:",omitempty"`
}

type volume struct {
	Name                   string
	EFSVolumeConfiguration *efsVolume `json:",omitempty"`
}

type efsVolume struct {
	FilesystemId        string
	RootDirectory       string `json:",omitempty"`
	TransitEncryption   string
	AuthorizationConfig efsAuthorization
}

type efsAuthorization struct {
	AccessPointId string `json:",omitempty"`
	IAM           string
}

type linuxParameters struct {
	InitProcessEnabled bool
}

type keyValue struct {
	Name  string
	Value string
}

type secret struct {
	Name      string
	ValueFrom string
}

type portMapping struct {
	ContainerPort int
	Protocol      string
}

type logConfiguration struct {
	LogDriver     string
	Options       map[string]string
	SecretOptions []secret `json:",omitempty"`
}

type firelensConfiguration struct {
	Type    string
	Options map[string]string
}

type ecsService struct {
	Cluster                       string
	LaunchType                    string     `json:",omitempty"`
	CapacityProviderStrategy      []capacity `json:",omitempty"` // instead of LaunchType
	TaskDefinition                any
	DesiredCount                  *int `json:",omitempty"`
	DeploymentConfiguration       deploymentConfiguration
	ForceNewDeployment            *forceNewDeployment `json:",omitempty"`
	NetworkConfiguration          networkConfiguration
	LoadBalancers                 []loadBalancer `json:",omitempty"`
	HealthCheckGracePeriodSeconds *int           `json:",omitempty"`
	EnableECSManagedTags          bool
	EnableExecuteCommand          bool `json:",omitempty"`
	PropagateTags                 string
	Tags                          []tag
}

// capacity is a part of a capacity provider strategy.
type capacity struct {
	CapacityProvider string
	Weight           int
}

// deploymentConfiguration says all that ECS would else keep from before.
type deploymentConfiguration struct {
	Strategy                 string
	MinimumHealthyPercent    int
	MaximumPercent           int
	DeploymentCircuitBreaker circuitBreaker
	Alarms                   deploymentAlarms
	LifecycleHooks           []lifecycleHook
	BakeTimeInMinutes        *int          `json:",omitempty"`
	CanaryConfiguration      *canaryShift  `json:",omitempty"`
	LinearConfiguration      *linearShifts `json:",omitempty"`
}

type canaryShift struct {
	CanaryPercent           int
	CanaryBakeTimeInMinutes int
}

type linearShifts struct {
	StepPercent           int
	StepBakeTimeInMinutes int
}

type lifecycleHook struct {
	TargetType           string
	LifecycleStages      []string
	TimeoutConfiguration hookTimeout
}

type hookTimeout struct {
	Action           string
	TimeoutInMinutes int
}

type deploymentAlarms struct {
	AlarmNames []string
	Enable     bool
	Rollback   bool
}

type forceNewDeployment struct {
	EnableForceNewDeployment bool
	ForceNewDeploymentNonce  string
}

type circuitBreaker struct {
	Enable   bool
	Rollback bool
}

type networkConfiguration struct {
	AwsvpcConfiguration awsvpcConfiguration
}

type awsvpcConfiguration struct {
	AssignPublicIp string
	SecurityGroups []any `json:",omitempty"` // none: the VPC's default group
	Subnets        []string
}

type loadBalancer struct {
	ContainerName         string
	ContainerPort         int
	TargetGroupArn        any
	AdvancedConfiguration *advancedConfiguration `json:",omitempty"`
}

type advancedConfiguration struct {
	AlternateTargetGroupArn any
	ProductionListenerRule  any
	RoleArn                 string
}

type securityGroup struct {
	GroupDescription     string
	VpcId                any
	SecurityGroupIngress []ingress `json:",omitempty"`
	Tags                 []tag
}

type ingress struct {
	Description           string
	IpProtocol            string
	FromPort              int
	ToPort                int
	CidrIp                string `json:",omitempty"`
	CidrIpv6              string `json:",omitempty"`
	SourceSecurityGroupId string `json:",omitempty"`
}

type targetGroup struct {
	Port                       int
	Protocol                   string
	TargetType                 string
	VpcId                      string
	HealthCheckEnabled         bool
	HealthCheckPath            string
	HealthCheckProtocol        string
	HealthCheckIntervalSeconds int
	HealthCheckTimeoutSeconds  int
	HealthyThresholdCount      int
	UnhealthyThresholdCount    int
	Matcher                    map[string]string
	TargetGroupAttributes      []tag
	Tags                       []tag
}

type listenerRule struct {
	ListenerArn string
	Priority    int
	Conditions  []ruleCondition
	Actions     []action
	Tags        []tag
}

type ruleCondition struct {
	Field  string
	Values []string
}

type action struct {
	Type                string
	TargetGroupArn      any            `json:",omitempty"`
	ForwardConfig       *forward       `json:",omitempty"`
	FixedResponseConfig *fixedResponse `json:",omitempty"`
	RedirectConfig      *redirect      `json:",omitempty"`
}

type forward struct {
	TargetGroups []weightedGroup
}

type weightedGroup struct {
	TargetGroupArn any
	Weight         int
}

type fixedResponse struct {
	StatusCode  string
	ContentType string
	MessageBody string
}

type redirect struct {
	Protocol   string
	Port       string
	StatusCode string
}

type applicationLoadBalancer struct {
	Name                   string
	Type                   string
	Scheme                 string
	IpAddressType          string
	Subnets                []string
	SecurityGroups         []any
	LoadBalancerAttributes []tag
	Tags                   []tag
}

type listener struct {
	LoadBalancerArn any
	Port            int
	Protocol        string
	SslPolicy       string              `json:",omitempty"`
	Certificates    []map[string]string `json:",omitempty"`
	DefaultActions  []action
	Tags            []tag
}

type scalableTarget struct {
	ServiceNamespace  string
	ScalableDimension string
	ResourceId        any
	MinCapacity       int
	MaxCapacity       int
}

type scalingPolicy struct {
	PolicyName                               string
	PolicyType                               string
	ScalingTargetId                          any
	TargetTrackingScalingPolicyConfiguration targetTracking
}

type targetTracking struct {
	TargetValue                   int
	PredefinedMetricSpecification metric
}

type metric struct {
	PredefinedMetricType string
	ResourceLabel        any `json:",omitempty"`
}

type schedule struct {
	Name                       string
	GroupName                  string
	Description                string
	ScheduleExpression         string
	ScheduleExpressionTimezone string `json:",omitempty"` // "": UTC
	State                      string
	FlexibleTimeWindow         map[string]string
	Target                     scheduleTarget
}

type scheduleTarget struct {
	Arn           string
	RoleArn       string
	Input         string
	EcsParameters ecsParameters
	RetryPolicy   retryPolicy
}

type ecsParameters struct {
	TaskDefinitionArn        any
	TaskCount                int
	LaunchType               string     `json:",omitempty"`
	CapacityProviderStrategy []capacity `json:",omitempty"` // instead of LaunchType
	Group                    string
	NetworkConfiguration     networkConfiguration
	EnableECSManagedTags     bool
	PropagateTags            string
}

type retryPolicy struct {
	MaximumEventAgeInSeconds int
	MaximumRetryAttempts     int
}

// taskOverride is what RunTask takes as overrides, in the API's spelling.
type taskOverride struct {
	ContainerOverrides []containerOverride `json:"containerOverrides"`
}

type containerOverride struct {
	Name    string   `json:"name"`
	Command []string `json:"command"`
}

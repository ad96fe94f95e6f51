package cluster_test

import (
	"context"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/ecs"
	ecstypes "github.com/aws/aws-sdk-go-v2/service/ecs/types"
)

func TestTheSDKReadsMachinesAndOverrides(t *testing.T) {
	t.Parallel()
	w, cfg := served(t)
	client, ctx := ecs.NewFromConfig(cfg), context.Background()
	w.PutInstances(account, region, "main", 2048, 3900, "i-0a11ce00000000001")
	d := must(client.RegisterTaskDefinition(ctx, &ecs.RegisterTaskDefinitionInput{
		Family: p("job"), NetworkMode: ecstypes.NetworkModeAwsvpc, Cpu: p("256"), Memory: p("512"), RequiresCompatibilities: []ecstypes.Compatibility{"EC2", "FARGATE"},
		Volumes: []ecstypes.Volume{
			{Name: p("data"), EfsVolumeConfiguration: &ecstypes.EFSVolumeConfiguration{FileSystemId: p(efs), RootDirectory: p("/app")}},
			{Name: p("scratch")},
		},
		ContainerDefinitions: []ecstypes.ContainerDefinition{{
			Name: p("main"), Image: p("hello:v1"), EntryPoint: []string{"sh", "-c"}, StopTimeout: p(int32(60)),
			RepositoryCredentials: &ecstypes.RepositoryCredentials{CredentialsParameter: p("arn:aws:secretsmanager:" + region + ":" + account + ":secret:quay-AbCdEf")},
			Ulimits:               []ecstypes.Ulimit{{Name: ecstypes.UlimitNameNofile, SoftLimit: 1024, HardLimit: 4096}},
			MountPoints:           []ecstypes.MountPoint{{SourceVolume: p("data"), ContainerPath: p("/data"), ReadOnly: p(true)}},
		}},
	}))(t).TaskDefinition
	cd := d.ContainerDefinitions[0]
	if *cd.StopTimeout != 60 || cd.Ulimits[0].HardLimit != 4096 || !*cd.MountPoints[0].ReadOnly || cd.RepositoryCredentials == nil ||
		*d.Volumes[0].EfsVolumeConfiguration.FileSystemId != efs || cd.EntryPoint[1] != "-c" {
		t.Fatalf("task definition: %+v", d)
	}
	out := must(client.RunTask(ctx, &ecs.RunTaskInput{
		Cluster: p("main"), TaskDefinition: d.TaskDefinitionArn, LaunchType: ecstypes.LaunchTypeEc2, StartedBy: p("bcn-7"),
		NetworkConfiguration: &ecstypes.NetworkConfiguration{AwsvpcConfiguration: &ecstypes.AwsVpcConfiguration{Subnets: []string{"subnet-0a11ce00000000001"}}},
		Overrides:            &ecstypes.TaskOverride{ContainerOverrides: []ecstypes.ContainerOverride{{Name: p("main"), Environment: []ecstypes.KeyValuePair{{Name: p("A"), Value: p("1")}}}}},
	}))(t)
	task := out.Tasks[0]
	if task.ContainerInstanceArn == nil || *task.Overrides.ContainerOverrides[0].Environment[0].Value != "1" {
		t.Fatalf("task: %+v", task)
	}
	found := must(client.ListTasks(ctx, &ecs.ListTasksInput{Cluster: p("main"), StartedBy: p("bcn-7")}))(t)
	if len(found.TaskArns) != 1 {
		t.Fatalf("tasks: %v", found.TaskArns)
	}
	machines := must(client.ListContainerInstances(ctx, &ecs.ListContainerInstancesInput{Cluster: p("main")}))(t)
	one := must(client.DescribeContainerInstances(ctx, &ecs.DescribeContainerInstancesInput{Cluster: p("main"), ContainerInstances: machines.ContainerInstanceArns}))(t).ContainerInstances[0]
	if *one.Ec2InstanceId != "i-0a11ce00000000001" || one.PendingTasksCount != 1 || one.RemainingResources[1].IntegerValue != 3900-512 {
		t.Fatalf("machine: %+v", one)
	}
	w.advance(time.Minute) // the sample's account has no such secret
	stopped := must(client.DescribeTasks(ctx, &ecs.DescribeTasksInput{Cluster: p("main"), Tasks: found.TaskArns}))(t).Tasks[0]
	if stopped.StopCode != ecstypes.TaskStopCodeTaskFailedToStart {
		t.Fatalf("task: %+v", stopped)
	}
}

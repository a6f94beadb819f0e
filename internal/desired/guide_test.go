// Copyright The KubeStash Authors.
// SPDX-License-Identifier: Apache-2.0

package desired

import (
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/utils/ptr"
	"sigs.k8s.io/yaml"

	addonsv1alpha1 "kubestash.com/kubestash/api/addons/v1alpha1"
	corev1alpha1 "kubestash.com/kubestash/api/core/v1alpha1"
	metav1alpha1 "kubestash.com/kubestash/api/meta/v1alpha1"
	"kubestash.com/kubestash/config/addons"
	"kubestash.com/kubestash/internal/domain/addon"
	"kubestash.com/kubestash/internal/domain/application"
	"kubestash.com/kubestash/internal/domain/invoker"
	"kubestash.com/kubestash/internal/domain/restore"
	"kubestash.com/kubestash/internal/task"
	"kubestash.com/kubestash/internal/validate"
)

// notPlanned are manifests of the guides that are refused for now, and with which words.
var notPlanned = map[string]string{
	"BackupConfiguration/cluster-resources-backup": "there is no addon kubedump-addon",
	"RestoreSession/restore-pvc":                   `has no restore task "VolumeSnapshotRestore"`,
	"RestoreSession/point-in-time":                 "there is no addon postgres-addon",
	// It names a volume that the task doesn't have.
	"BackupConfiguration/multiple-backends": `there is no volume "other" to replace`,
	// It rests on a default BackupStorage and RetentionPolicy, which the operator fills in.
	"BackupConfiguration/nothing-but-defaults": "backends",
}

// guideTargets are the workloads that the guides begin with.
func guideTargets() map[string]application.Application {
	data := corev1.VolumeMount{Name: "source-data", MountPath: "/source/data"}
	with := func(volumes ...corev1.Volume) *corev1.PodSpec {
		return &corev1.PodSpec{Volumes: volumes, Containers: []corev1.Container{mounting(data)}}
	}
	host := corev1.Volume{Name: "source-data", VolumeSource: corev1.VolumeSource{HostPath: &corev1.HostPathVolumeSource{Path: "/kubestash/source/data"}}}
	return map[string]application.Application{
		"kubestash-demo": {Kind: "Deployment", Name: "kubestash-demo", Pod: with(claimVolume("source-data")), Replicas: ptr.To[int32](3)},
		"sample-sts":     {Kind: "StatefulSet", Name: "sample-sts", Pod: with(), Replicas: ptr.To[int32](3), ClaimTemplates: []string{"source-data"}},
		"ks-demo":        {Kind: "DaemonSet", Name: "ks-demo", Pod: with(host), Nodes: []string{"kind-control-plane"}},
		"nfs-pvc":        {Kind: "PersistentVolumeClaim", Name: "nfs-pvc"},
		"data":           {Kind: "PersistentVolumeClaim", Name: "data"},
	}
}

func TestEveryManifestOfTheVolumeGuidesIsPlanned(t *testing.T) {
	known, functions := catalogue(t)
	planned := 0
	for _, name := range []string{"deployment", "statefulset", "daemonset", "pvc", "customized"} {
		for _, doc := range guide(t, name) {
			var kind struct{ Kind string }
			decode(t, doc, &kind)
			var called string
			var list []string
			var tries []planTry
			switch kind.Kind {
			case corev1alpha1.KindBackupConfiguration:
				bc := &corev1alpha1.BackupConfiguration{}
				decode(t, doc, bc)
				called, list = "BackupConfiguration/"+bc.Name, validate.Messages(validate.Invoker(invoker.Of(bc)))
				for _, s := range bc.Spec.Sessions {
					tries = append(tries, planTry{target: bc.Spec.Target, info: s.Addon, direction: addon.Backup, scheduler: &s.Scheduler.JobTemplate})
				}
			case corev1alpha1.KindRestoreSession:
				rs := &corev1alpha1.RestoreSession{}
				decode(t, doc, rs)
				called, list = "RestoreSession/"+rs.Name, validate.Messages(validate.RestoreSession(rs))
				tries = append(tries, planTry{target: rs.Spec.Target, info: rs.Spec.Addon, direction: addon.Restore, components: rs.Spec.DataSource.Components})
			default:
				continue
			}
			t.Run(called, func(t *testing.T) {
				for _, try := range tries {
					if err := try.build(t, known, functions); err != "" {
						list = append(list, err)
					}
				}
				got := strings.Join(list, "; ")
				if want := notPlanned[called]; (got == "") != (want == "") || !strings.Contains(got, want) {
					t.Errorf("got %q, want %q", got, want)
				}
				planned++
			})
		}
	}
	if planned < 10 {
		t.Errorf("only %d manifests were tried", planned)
	}
}

// planTry is one task of a manifest, as far as the builders need it.
type planTry struct {
	target     *metav1alpha1.TypedObjectReference
	info       *corev1alpha1.AddonInfo
	direction  addon.Direction
	components []string
	scheduler  *corev1alpha1.JobTemplate
}

// build makes the Secret and the Jobs, and returns why that isn't possible.
func (try planTry) build(t *testing.T, known map[string]*addonsv1alpha1.Addon, functions map[string]*addonsv1alpha1.Function) string {
	t.Helper()
	object := known[try.info.Name]
	if object == nil {
		return "there is no addon " + try.info.Name
	}
	var app application.Application
	if try.target != nil {
		app = guideTargets()[try.target.Name]
	}
	wanted := try.components
	if try.direction == addon.Restore && len(wanted) == 0 {
		wanted = []string{metav1alpha1.ComponentDump}
	}
	for i := range wanted {
		wanted[i] = restore.Component(wanted[i])
	}
	plans, err := PlanParts(app, addon.Request{
		Addon: object, Functions: functions, Direction: try.direction, Task: try.info.Tasks[0],
		Vars: map[string]string{metav1alpha1.VarNamespace: "demo"},
	}, wanted, try.direction == addon.Backup)
	if err != nil {
		return err.Error()
	}
	run, _ := exampleRun()
	run.Scheduler, run.JobTemplate, run.Container = try.scheduler, try.info.JobTemplate, try.info.ContainerRuntimeSettings
	var components []Component
	for _, p := range plans {
		if len(p.Data.Paths) == 0 {
			t.Errorf("%s has no data", p.Part.Component)
		}
		components = append(components, Component{
			Name: p.Part.Component, JobName: p.Part.Component, Plan: p.Addon, Target: p.Data, Security: BackupSecurity(nil, nil),
			Task: task.Task{Version: task.Version, Component: p.Part.Component, Repositories: []task.Repository{{Name: "repo"}}},
		})
	}
	if _, jobs, err := run.Build(components); err != nil || len(jobs) != len(plans) {
		return "building: " + err.Error()
	}
	return ""
}

func TestACacheOnAClaimTemplateIsAnEphemeralVolume(t *testing.T) {
	known, functions := catalogue(t)
	for _, doc := range guide(t, "customized") {
		bc := &corev1alpha1.BackupConfiguration{}
		if decode(t, doc, bc); bc.Name != "multiple-backends" {
			continue
		}
		info := bc.Spec.Sessions[0].Addon
		volumes := &info.Tasks[0].AddonVolumes
		*volumes = slices.DeleteFunc(*volumes, func(v corev1alpha1.AddonVolumeInfo) bool { return v.Name == "other" })
		plans, err := PlanParts(guideTargets()["sample-sts"], addon.Request{
			Addon: known[info.Name], Functions: functions, Direction: addon.Backup, Task: info.Tasks[0],
		}, nil, true)
		if err != nil {
			t.Fatal(err)
		}
		run, component := exampleRun()
		component.Plan, component.Target = plans[0].Addon, plans[0].Data
		run.JobTemplate = info.JobTemplate
		job, err := run.Job(component)
		if err != nil {
			t.Fatal(err)
		}
		v, ok := volumeNamed(job.Spec.Template.Spec.Volumes, metav1alpha1.VolumeTmp)
		if !ok || v.Ephemeral == nil || *v.Ephemeral.VolumeClaimTemplate.Spec.StorageClassName != "standard" || v.EmptyDir != nil {
			t.Errorf("got %+v", v)
		}
		return
	}
	t.Fatal("the guide has no such manifest")
}

func catalogue(t *testing.T) (map[string]*addonsv1alpha1.Addon, map[string]*addonsv1alpha1.Function) {
	t.Helper()
	found, functions := map[string]*addonsv1alpha1.Addon{}, map[string]*addonsv1alpha1.Function{}
	names, err := fs.Glob(addons.Files, "*/*.yaml")
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range names {
		content, err := fs.ReadFile(addons.Files, name)
		if err != nil {
			t.Fatal(err)
		}
		for _, doc := range strings.Split(string(content), "\n---\n") {
			var kind struct{ Kind string }
			switch decode(t, doc, &kind); kind.Kind {
			case addonsv1alpha1.KindAddon:
				o := &addonsv1alpha1.Addon{}
				decode(t, doc, o)
				found[o.Name] = o
			case addonsv1alpha1.KindFunction:
				o := &addonsv1alpha1.Function{}
				decode(t, doc, o)
				functions[o.Name] = o
			}
		}
	}
	return found, functions
}

func guide(t *testing.T, name string) []string {
	t.Helper()
	content, err := os.ReadFile(filepath.Join("..", "..", "api", "testdata", "guides", name+".yaml"))
	if err != nil {
		t.Fatal(err)
	}
	return strings.Split(string(content), "\n---\n")
}

func decode(t *testing.T, doc string, into any) {
	t.Helper()
	if err := yaml.Unmarshal([]byte(doc), into); err != nil {
		t.Fatal(err)
	}
}

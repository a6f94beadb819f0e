// Copyright The KubeStash Authors.
// SPDX-License-Identifier: Apache-2.0

package validate_test

import (
	"strings"
	"testing"
	"time"

	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/util/validation/field"
	"k8s.io/utils/ptr"

	corev1alpha1 "kubestash.com/kubestash/api/core/v1alpha1"
	metav1alpha1 "kubestash.com/kubestash/api/meta/v1alpha1"
	storagev1alpha1 "kubestash.com/kubestash/api/storage/v1alpha1"
	"kubestash.com/kubestash/internal/domain/invoker"
	"kubestash.com/kubestash/internal/kube/store/storetest"
	"kubestash.com/kubestash/internal/validate"
)

// find knows s3 and local.
var find = (&storetest.Backend{}).Find

// expect compares the mistakes with what each is to begin with.
func expect(t *testing.T, sentence string, got field.ErrorList, want ...string) {
	t.Helper()
	messages := validate.Messages(got)
	if len(messages) != len(want) {
		t.Errorf("%s: got %q, want %q", sentence, messages, want)
		return
	}
	for i := range want {
		if !strings.HasPrefix(messages[i], want[i]) {
			t.Errorf("%s: got %q, want %q", sentence, messages[i], want[i])
		}
	}
}

func selecting(selector *metav1.LabelSelector) *metav1alpha1.UsagePolicy {
	return &metav1alpha1.UsagePolicy{AllowedNamespaces: metav1alpha1.AllowedNamespaces{From: metav1alpha1.NamespacesFromSelector, Selector: selector}}
}

func storage(name string, change ...func(*storagev1alpha1.BackupStorage)) *storagev1alpha1.BackupStorage {
	s := &storagev1alpha1.BackupStorage{
		ObjectMeta: metav1.ObjectMeta{Namespace: "demo", Name: name},
		Spec: storagev1alpha1.BackupStorageSpec{Storage: storagev1alpha1.Backend{
			Provider: "s3", S3: &storagev1alpha1.S3Spec{Endpoint: "https://one", Bucket: "b", Prefix: "p"},
		}},
	}
	for _, c := range change {
		c(s)
	}
	return s
}

func TestBackupStorage(t *testing.T) {
	type change = func(*storagev1alpha1.BackupStorage)
	for sentence, row := range map[string]struct {
		change change
		want   []string
	}{
		"a good one":             {func(*storagev1alpha1.BackupStorage) {}, nil},
		"no provider":            {func(s *storagev1alpha1.BackupStorage) { s.Spec.Storage.Provider = "" }, []string{"spec.storage.provider: Required"}},
		"an unknown provider":    {func(s *storagev1alpha1.BackupStorage) { s.Spec.Storage.Provider = "b2" }, []string{`spec.storage.provider: Invalid value: "b2": provider "b2" is not supported`}},
		"no section":             {func(s *storagev1alpha1.BackupStorage) { s.Spec.Storage.S3 = nil }, []string{"spec.storage.s3: Required"}},
		"the section of another": {func(s *storagev1alpha1.BackupStorage) { s.Spec.Storage.Provider = "gcs" }, []string{"spec.storage.gcs: Required"}},
		"what the backend finds": {func(s *storagev1alpha1.BackupStorage) { s.Spec.Storage.S3.Bucket = "" }, []string{"spec.storage.s3: Invalid value: bucket is needed"}},
		"an empty policy":        {func(s *storagev1alpha1.BackupStorage) { s.Spec.UsagePolicy = &metav1alpha1.UsagePolicy{} }, nil},
		"a selector is missing":  {func(s *storagev1alpha1.BackupStorage) { s.Spec.UsagePolicy = selecting(nil) }, []string{"spec.usagePolicy.allowedNamespaces.selector: Required"}},
		"a selector selects all": {func(s *storagev1alpha1.BackupStorage) { s.Spec.UsagePolicy = selecting(&metav1.LabelSelector{}) }, nil},
		"a selector is no selector": {func(s *storagev1alpha1.BackupStorage) {
			s.Spec.UsagePolicy = selecting(&metav1.LabelSelector{MatchExpressions: []metav1.LabelSelectorRequirement{{Key: "a", Operator: "Near"}}})
		}, []string{"spec.usagePolicy.allowedNamespaces.selector: Invalid value"}},
	} {
		expect(t, sentence, validate.BackupStorage(storage("s", row.change), find), row.want...)
	}
}

func TestBackupStorageAmong(t *testing.T) {
	asDefault := func(s *storagev1alpha1.BackupStorage) { s.Spec.Default = true }
	elsewhere := func(s *storagev1alpha1.BackupStorage) { s.Spec.Storage.S3.Bucket = "other" }
	for sentence, row := range map[string]struct {
		obj, other *storagev1alpha1.BackupStorage
		want       []string
	}{
		"itself":                              {storage("s", asDefault), storage("s", asDefault), nil},
		"another place":                       {storage("s"), storage("o", elsewhere), nil},
		"the same place":                      {storage("s"), storage("o"), []string{"spec.storage: Invalid value: BackupStorage demo/o keeps"}},
		"the same place in another namespace": {storage("s"), storage("s", func(s *storagev1alpha1.BackupStorage) { s.Namespace = "far" }), []string{"spec.storage: Invalid value: BackupStorage far/s keeps"}},
		"the same place written otherwise":    {storage("s"), storage("o", func(s *storagev1alpha1.BackupStorage) { s.Spec.Storage.S3.Prefix = "/p/" }), []string{"spec.storage: Invalid value"}},
		"the same bucket of another server":   {storage("s"), storage("o", func(s *storagev1alpha1.BackupStorage) { s.Spec.Storage.S3.Endpoint = "https://two" }), nil},
		"one that is being deleted":           {storage("s"), storage("o", func(s *storagev1alpha1.BackupStorage) { s.DeletionTimestamp = &metav1.Time{Time: time.Unix(1, 0)} }), nil},
		"a second default":                    {storage("s", asDefault), storage("o", elsewhere, asDefault), []string{"spec.default: Invalid value: true: BackupStorage o is"}},
		"a default of another namespace":      {storage("s", asDefault), storage("o", elsewhere, asDefault, func(s *storagev1alpha1.BackupStorage) { s.Namespace = "far" }), nil},
		"one without its section is no panic": {storage("s"), storage("o", func(s *storagev1alpha1.BackupStorage) { s.Spec.Storage.S3 = nil }), nil},
	} {
		expect(t, sentence, validate.BackupStorageAmong(row.obj, []storagev1alpha1.BackupStorage{*row.other}, find), row.want...)
	}
}

func TestRepository(t *testing.T) {
	good := storagev1alpha1.RepositorySpec{StorageRef: metav1alpha1.ObjectReference{Name: "s"}, Path: "/a"}
	expect(t, "a good one", validate.Repository(&storagev1alpha1.Repository{Spec: good}))
	expect(t, "nothing in it", validate.Repository(&storagev1alpha1.Repository{}), "spec.storageRef.name: Required")
	good.Path, good.EncryptionSecret = "a/../../b", &metav1alpha1.ObjectReference{}
	expect(t, "out of bounds", validate.Repository(&storagev1alpha1.Repository{Spec: good}), "spec.path: Invalid value", "spec.encryptionSecret.name: Required")
}

func TestRetentionPolicy(t *testing.T) {
	for sentence, row := range map[string]struct {
		spec storagev1alpha1.RetentionPolicySpec
		want []string
	}{
		"by age":            {storagev1alpha1.RetentionPolicySpec{MaxRetentionPeriod: "2mo"}, nil},
		"by number":         {storagev1alpha1.RetentionPolicySpec{SuccessfulSnapshots: &storagev1alpha1.SuccessfulSnapshotsKeepPolicy{Last: ptr.To[int32](5)}}, nil},
		"nothing":           {storagev1alpha1.RetentionPolicySpec{}, []string{"spec: Required"}},
		"a unit is missing": {storagev1alpha1.RetentionPolicySpec{MaxRetentionPeriod: "30"}, []string{"spec.maxRetentionPeriod: Invalid value"}},
		"seconds":           {storagev1alpha1.RetentionPolicySpec{MaxRetentionPeriod: "30s"}, []string{"spec.maxRetentionPeriod: Invalid value"}},
	} {
		expect(t, sentence, validate.RetentionPolicy(&storagev1alpha1.RetentionPolicy{Spec: row.spec}), row.want...)
	}
	policy := func(name string) storagev1alpha1.RetentionPolicy {
		return storagev1alpha1.RetentionPolicy{ObjectMeta: metav1.ObjectMeta{Namespace: "demo", Name: name}, Spec: storagev1alpha1.RetentionPolicySpec{Default: true}}
	}
	a := policy("a")
	expect(t, "a second default", validate.RetentionPolicyAmong(&a, []storagev1alpha1.RetentionPolicy{policy("a"), policy("b")}), "spec.default: Invalid value: true: RetentionPolicy b")
}

func configuration(change ...func(*corev1alpha1.BackupConfigurationSpec)) *corev1alpha1.BackupConfiguration {
	bc := &corev1alpha1.BackupConfiguration{
		ObjectMeta: metav1.ObjectMeta{Namespace: "demo", Name: "bc"},
		Spec: corev1alpha1.BackupConfigurationSpec{
			Target:   &metav1alpha1.TypedObjectReference{APIGroup: "apps", Kind: "Deployment", Name: "web"},
			Backends: []corev1alpha1.BackendReference{{Name: "s3", StorageRef: &metav1alpha1.ObjectReference{Name: "store"}, RetentionPolicy: &metav1alpha1.ObjectReference{Name: "keep"}}},
			Sessions: []corev1alpha1.Session{session("full", "repo", "/web")},
		},
	}
	for _, c := range change {
		c(&bc.Spec)
	}
	return bc
}

func session(name, repository, directory string) corev1alpha1.Session {
	return corev1alpha1.Session{
		SessionConfig: corev1alpha1.SessionConfig{Name: name, Scheduler: &corev1alpha1.SchedulerSpec{Schedule: "0 3 * * *"}},
		Addon:         &corev1alpha1.AddonInfo{Name: "workload-addon", Tasks: []corev1alpha1.TaskReference{{Name: "logical-backup"}}},
		Repositories:  []corev1alpha1.RepositoryInfo{{Name: repository, Backend: "s3", Directory: directory}},
	}
}

func TestBackupConfiguration(t *testing.T) {
	type spec = corev1alpha1.BackupConfigurationSpec
	second := corev1alpha1.BackendReference{Name: "far", StorageRef: &metav1alpha1.ObjectReference{Name: "far"}, RetentionPolicy: &metav1alpha1.ObjectReference{Name: "keep"}}
	for sentence, row := range map[string]struct {
		change func(*spec)
		want   []string
	}{
		"a good one":                      {func(*spec) {}, nil},
		"no target is a cluster's backup": {func(s *spec) { s.Target = nil }, nil},
		"a target of another namespace": {func(s *spec) { s.Target.Namespace = "far" },
			[]string{`spec.target.namespace: Invalid value: "far": Deployment web is in namespace far, and its volumes can't be mounted from demo; make the BackupConfiguration there`}},
		"no backend":                          {func(s *spec) { s.Backends = nil }, []string{"spec.backends: Required", "spec.sessions[0].repositories[0].backend: Not found"}},
		"a backend without references":        {func(s *spec) { s.Backends[0].StorageRef, s.Backends[0].RetentionPolicy = nil, nil }, []string{"spec.backends[0].storageRef: Required", "spec.backends[0].retentionPolicy: Required"}},
		"two backends of one name":            {func(s *spec) { s.Backends = append(s.Backends, s.Backends[0]) }, []string{"spec.backends[1].name: Duplicate"}},
		"no session":                          {func(s *spec) { s.Sessions = nil }, []string{"spec.sessions: Required"}},
		"two sessions of one name":            {func(s *spec) { s.Sessions = append(s.Sessions, s.Sessions[0]) }, []string{"spec.sessions[1].name: Duplicate"}},
		"two sessions may share a repository": {func(s *spec) { s.Sessions = append(s.Sessions, session("often", "repo", "web/")) }, nil},
		"a session without a name":            {func(s *spec) { s.Sessions[0].Name = "" }, []string{"spec.sessions[0].name: Required"}},
		"no scheduler":                        {func(s *spec) { s.Sessions[0].Scheduler = nil }, []string{"spec.sessions[0].scheduler: Required"}},
		"a schedule that is no cron":          {func(s *spec) { s.Sessions[0].Scheduler.Schedule = "sometimes" }, []string{"spec.sessions[0].scheduler.schedule: Invalid value"}},
		"a spread schedule":                   {func(s *spec) { s.Sessions[0].Scheduler.Schedule = "H H * * *" }, nil},
		"a time zone that isn't":              {func(s *spec) { s.Sessions[0].Scheduler.TimeZone = ptr.To("Mars/Phobos") }, []string{"spec.sessions[0].scheduler.timeZone: Invalid value"}},
		"no addon":                            {func(s *spec) { s.Sessions[0].Addon = nil }, []string{"spec.sessions[0].addon.name: Required"}},
		"no task":                             {func(s *spec) { s.Sessions[0].Addon.Tasks = nil }, []string{"spec.sessions[0].addon.tasks: Required"}},
		"a task without a name":               {func(s *spec) { s.Sessions[0].Addon.Tasks[0].Name = "" }, []string{"spec.sessions[0].addon.tasks[0].name: Required"}},
		"no repository":                       {func(s *spec) { s.Sessions[0].Repositories = nil }, []string{"spec.sessions[0].repositories: Required"}},
		"an unknown backend":                  {func(s *spec) { s.Sessions[0].Repositories[0].Backend = "x" }, []string{`spec.sessions[0].repositories[0].backend: Not found: "x"`}},
		"no backend named means the only one": {func(s *spec) { s.Sessions[0].Repositories[0].Backend = "" }, nil},
		"no backend named, and two there":     {func(s *spec) { s.Backends = append(s.Backends, second); s.Sessions[0].Repositories[0].Backend = "" }, []string{"spec.sessions[0].repositories[0].backend: Not found"}},
		"no directory":                        {func(s *spec) { s.Sessions[0].Repositories[0].Directory = "" }, []string{"spec.sessions[0].repositories[0].directory: Required"}},
		"a directory that climbs":             {func(s *spec) { s.Sessions[0].Repositories[0].Directory = "../x" }, []string{"spec.sessions[0].repositories[0].directory: Invalid value"}},
		"two repositories at one place":       {func(s *spec) { s.Sessions = append(s.Sessions, session("often", "second", "web/")) }, []string{"spec.sessions[1].repositories[0].directory: Invalid value"}},
		"one directory on two storages": {func(s *spec) {
			s.Backends = append(s.Backends, second)
			s.Sessions[0].Repositories = append(s.Sessions[0].Repositories, corev1alpha1.RepositoryInfo{Name: "copy", Backend: "far", Directory: "/web"})
		}, nil},
		"one repository at two places": {func(s *spec) { s.Sessions = append(s.Sessions, session("often", "repo", "/elsewhere")) }, []string{"spec.sessions[1].repositories[0]: Invalid value"}},
	} {
		expect(t, sentence, validate.Invoker(invoker.Of(configuration(row.change))), row.want...)
	}
}

func TestSettings(t *testing.T) {
	at := field.NewPath("jobTemplate")
	type template = corev1alpha1.JobTemplate
	pod := func(spec metav1alpha1.PodSpec) template {
		return template{Template: metav1alpha1.PodTemplateSpec{Spec: spec}}
	}
	for sentence, row := range map[string]struct {
		template template
		want     []string
	}{
		"nothing set":                             {template{}, nil},
		"what Kubernetes means by nothing":        {template{Parallelism: ptr.To[int32](1), Completions: ptr.To[int32](1), CompletionMode: ptr.To(batchv1.NonIndexedCompletion), Suspend: ptr.To(false)}, nil},
		"two pods":                                {template{Parallelism: ptr.To[int32](2), Completions: ptr.To[int32](2)}, []string{"jobTemplate.parallelism: Invalid value", "jobTemplate.completions: Invalid value"}},
		"an indexed Job":                          {template{CompletionMode: ptr.To(batchv1.IndexedCompletion)}, []string{"jobTemplate.completionMode: Invalid value"}},
		"a suspended Job":                         {template{Suspend: ptr.To(true)}, []string{"jobTemplate.suspend: Forbidden"}},
		"arguments for our own program":           {pod(metav1alpha1.PodSpec{Args: []string{"--x"}}), []string{"jobTemplate.template.spec.args: Forbidden"}},
		"a placement policy":                      {pod(metav1alpha1.PodSpec{PodPlacementPolicy: &corev1.LocalObjectReference{Name: "far"}}), []string{"jobTemplate.template.spec.podPlacementPolicy: Forbidden"}},
		"the placement policy that tools fill in": {pod(metav1alpha1.PodSpec{PodPlacementPolicy: &corev1.LocalObjectReference{Name: "default"}}), nil},
	} {
		expect(t, sentence, validate.JobTemplate(at, &row.template), row.want...)
	}
	expect(t, "no template", append(validate.JobTemplate(at, nil), validate.PodTemplate(at, nil)...))
	expect(t, "annotations for an account that nobody makes", validate.RuntimeSettings(field.NewPath("r"), metav1alpha1.RuntimeSettings{
		Pod: &metav1alpha1.PodRuntimeSettings{ServiceAccountAnnotations: map[string]string{"role": "x"}},
	}), "r.pod.serviceAccountAnnotations: Forbidden")
	expect(t, "priorities of what runs no restic", validate.RuntimeSettings(field.NewPath("r"), metav1alpha1.RuntimeSettings{
		Container: &metav1alpha1.ContainerRuntimeSettings{Nice: &metav1alpha1.NiceSettings{}},
	}), "r.container: Forbidden")
}

func TestBackupConfigurationAmong(t *testing.T) {
	existing := func(namespace, name, path string, app metav1alpha1.TypedObjectReference) storagev1alpha1.Repository {
		return storagev1alpha1.Repository{
			ObjectMeta: metav1.ObjectMeta{Namespace: namespace, Name: name},
			Spec:       storagev1alpha1.RepositorySpec{StorageRef: metav1alpha1.ObjectReference{Namespace: "demo", Name: "store"}, Path: path, AppRef: app},
		}
	}
	web := metav1alpha1.TypedObjectReference{APIGroup: "apps", Kind: "Deployment", Namespace: "demo", Name: "web"}
	loose := metav1alpha1.TypedObjectReference{Kind: "Deployment", Name: "web"}
	other := metav1alpha1.TypedObjectReference{APIGroup: "apps", Kind: "Deployment", Namespace: "demo", Name: "other"}
	moved := existing("demo", "repo", "/web", web)
	moved.Spec.StorageRef.Name = "elsewhere"
	key := types.NamespacedName{Namespace: "demo", Name: "store"}
	keep := types.NamespacedName{Namespace: "demo", Name: "keep"}
	for sentence, row := range map[string]struct {
		around validate.Surroundings
		want   []string
	}{
		"nothing exists yet":                        {validate.Surroundings{}, nil},
		"its own Repository":                        {validate.Surroundings{Repositories: []storagev1alpha1.Repository{existing("demo", "repo", "/web", web)}}, nil},
		"its own Repository, written looser":        {validate.Surroundings{Repositories: []storagev1alpha1.Repository{existing("demo", "repo", "web/", loose)}}, nil},
		"a Repository of another target":            {validate.Surroundings{Repositories: []storagev1alpha1.Repository{existing("demo", "repo", "/web", other)}}, []string{"spec.sessions[0].repositories[0].name: Invalid value: \"repo\": Repository repo holds the backups of Deployment other"}},
		"its Repository on another storage":         {validate.Surroundings{Repositories: []storagev1alpha1.Repository{moved}}, []string{"spec.sessions[0].repositories[0].name: Invalid value"}},
		"its Repository in another directory":       {validate.Surroundings{Repositories: []storagev1alpha1.Repository{existing("demo", "repo", "/old", web)}}, []string{"spec.sessions[0].repositories[0].directory: Invalid value"}},
		"another's directory, of another namespace": {validate.Surroundings{Repositories: []storagev1alpha1.Repository{existing("far", "theirs", "web/", web)}}, []string{"spec.sessions[0].repositories[0].directory: Invalid value: \"/web\": Repository far/theirs"}},
		"a storage and a policy that don't allow it": {validate.Surroundings{
			Storages: map[types.NamespacedName]*storagev1alpha1.BackupStorage{key: storage("store", func(s *storagev1alpha1.BackupStorage) {
				s.Spec.UsagePolicy = selecting(&metav1.LabelSelector{MatchLabels: map[string]string{"team": "b"}})
			})},
			Policies:        map[types.NamespacedName]*storagev1alpha1.RetentionPolicy{keep: {Spec: storagev1alpha1.RetentionPolicySpec{UsagePolicy: selecting(nil)}}},
			NamespaceLabels: map[string]string{"team": "a"},
		}, []string{"spec.backends[0].storageRef: Forbidden: BackupStorage demo/store", "spec.backends[0].retentionPolicy: Forbidden: RetentionPolicy demo/keep"}},
		"a storage that allows it": {validate.Surroundings{
			Storages: map[types.NamespacedName]*storagev1alpha1.BackupStorage{key: storage("store")},
		}, nil},
	} {
		expect(t, sentence, validate.InvokerAmong(invoker.Of(configuration()), row.around), row.want...)
	}
}

func TestBackupBlueprint(t *testing.T) {
	blueprint := func(template *corev1alpha1.BackupConfigurationTemplate) *corev1alpha1.BackupBlueprint {
		return &corev1alpha1.BackupBlueprint{ObjectMeta: metav1.ObjectMeta{Namespace: "demo"}, Spec: corev1alpha1.BackupBlueprintSpec{BackupConfigurationTemplate: template}}
	}
	expect(t, "no template", validate.BackupBlueprint(blueprint(nil)), "spec.backupConfigurationTemplate: Required")
	expect(t, "variables anywhere", validate.BackupBlueprint(blueprint(&corev1alpha1.BackupConfigurationTemplate{
		Sessions: []corev1alpha1.Session{session("full", "${repoName}", "${namespace}/${targetName}")},
	})))
	two := blueprint(&corev1alpha1.BackupConfigurationTemplate{Backends: []corev1alpha1.BackendReference{
		{StorageRef: &metav1alpha1.ObjectReference{Namespace: "far", Name: "store"}}, {}}})
	expect(t, "two backends without a name", validate.BackupBlueprint(two), "spec.backupConfigurationTemplate.backends[1].name: Duplicate")
	key := types.NamespacedName{Namespace: "far", Name: "store"}
	around := validate.Surroundings{Storages: map[types.NamespacedName]*storagev1alpha1.BackupStorage{key: storage("store")}}
	expect(t, "a storage of others", validate.BackupBlueprintAmong(two, around), "spec.backupConfigurationTemplate.backends[0].storageRef: Forbidden: BackupStorage far/store")
	expect(t, "nothing to compare", validate.BackupBlueprintAmong(blueprint(nil), around))
}

func TestRestoreSession(t *testing.T) {
	type source = corev1alpha1.RestoreDataSource
	for sentence, row := range map[string]struct {
		source *source
		want   []string
	}{
		"by name":                    {&source{Snapshot: "s-1"}, nil},
		"the latest":                 {&source{Snapshot: "latest", Repository: "r"}, nil},
		"the latest of nothing":      {&source{Snapshot: "latest"}, []string{"spec.dataSource.repository: Required"}},
		"nothing":                    {&source{Repository: "r"}, []string{"spec.dataSource.snapshot: Required"}},
		"no source is no panic":      {nil, []string{"spec.dataSource: Required"}},
		"a point in time":            {&source{Repository: "r", PITR: &corev1alpha1.PITR{TargetTime: &metav1.Time{Time: time.Unix(1, 0)}}}, nil},
		"a point in time without it": {&source{PITR: &corev1alpha1.PITR{}}, []string{"spec.dataSource.pitr.targetTime: Required", "spec.dataSource.repository: Required"}},
		"a Secret without a name":    {&source{Snapshot: "s-1", EncryptionSecret: &metav1alpha1.ObjectReference{}}, []string{"spec.dataSource.encryptionSecret.name: Required"}},
	} {
		expect(t, sentence, validate.RestoreSession(restore(func(s *corev1alpha1.RestoreSessionSpec) { s.DataSource = row.source })), row.want...)
	}
}

// restore is a RestoreSession that nothing is wrong with, but what a test changes.
func restore(change func(*corev1alpha1.RestoreSessionSpec)) *corev1alpha1.RestoreSession {
	obj := &corev1alpha1.RestoreSession{ObjectMeta: metav1.ObjectMeta{Namespace: "demo", Name: "undo"}, Spec: corev1alpha1.RestoreSessionSpec{
		Target:     &metav1alpha1.TypedObjectReference{APIGroup: "apps", Kind: "Deployment", Name: "web"},
		DataSource: &corev1alpha1.RestoreDataSource{Snapshot: "s-1"},
		Addon:      &corev1alpha1.AddonInfo{Name: "workload-addon", Tasks: []corev1alpha1.TaskReference{{Name: "logical-backup-restore"}}},
	}}
	change(&obj.Spec)
	return obj
}

func TestWhatRestoresAndInto(t *testing.T) {
	type spec = corev1alpha1.RestoreSessionSpec
	claims := &corev1alpha1.TargetVolumeInfo{VolumeClaimTemplates: make([]metav1alpha1.PersistentVolumeClaim, 1)}
	for sentence, row := range map[string]struct {
		change func(*spec)
		want   []string
	}{
		"a good one":                {func(*spec) {}, nil},
		"no addon":                  {func(s *spec) { s.Addon = nil }, []string{"spec.addon.name: Required"}},
		"no task":                   {func(s *spec) { s.Addon.Tasks = nil }, []string{"spec.addon.tasks: Invalid value: 0: exactly one"}},
		"no target":                 {func(s *spec) { s.Target = nil }, []string{"spec.target: Required"}},
		"claims take its place":     {func(s *spec) { s.Target, s.Addon.Tasks[0].TargetVolumes = nil, claims }, nil},
		"a hook without a template": {func(s *spec) { s.Hooks = &corev1alpha1.RestoreHooks{PreRestore: make([]corev1alpha1.HookInfo, 1)} }, nil},
	} {
		expect(t, sentence, validate.RestoreSession(restore(row.change)), row.want...)
	}
}

func TestRestoreSessionAmong(t *testing.T) {
	with := func(namespace string) *corev1alpha1.RestoreSession {
		return restore(func(s *corev1alpha1.RestoreSessionSpec) {
			s.Hooks = &corev1alpha1.RestoreHooks{PostRestore: []corev1alpha1.HookInfo{{Name: "h", HookTemplate: &metav1alpha1.ObjectReference{Namespace: namespace, Name: "notify"}}}}
		})
	}
	around := validate.Surroundings{Hooks: map[types.NamespacedName]*corev1alpha1.HookTemplate{
		{Namespace: "demo", Name: "notify"}: {}, {Namespace: "far", Name: "notify"}: {},
	}}
	expect(t, "its own namespace's hook", validate.RestoreSessionAmong(with(""), around))
	expect(t, "another's", validate.RestoreSessionAmong(with("far"), around), "spec.hooks.postRestore[0].hookTemplate: Forbidden: HookTemplate far/notify")
	expect(t, "one that isn't there", validate.RestoreSessionAmong(with("nowhere"), around))
	if got := validate.MissingOfRestoreSession(with("nowhere"), around); len(got) != 1 || got[0] != "spec.hooks.postRestore[0].hookTemplate: HookTemplate nowhere/notify does not exist yet" {
		t.Errorf("missing is %q", got)
	}
}

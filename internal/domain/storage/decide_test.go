// Copyright The KubeStash Authors.
// SPDX-License-Identifier: Apache-2.0

package storage

import (
	"fmt"
	"strings"
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/utils/ptr"

	metav1alpha1 "kubestash.com/kubestash/api/meta/v1alpha1"
	storagev1alpha1 "kubestash.com/kubestash/api/storage/v1alpha1"
	"kubestash.com/kubestash/internal/engine"
)

var (
	now   = metav1.Date(2026, time.March, 1, 12, 0, 0, 0, time.UTC)
	early = metav1.Date(2026, time.January, 1, 0, 0, 0, 0, time.UTC)
)

func status(conditions ...metav1alpha1.Condition) storagev1alpha1.BackupStorageStatus {
	return storagev1alpha1.BackupStorageStatus{Conditions: conditions}
}

func initialised(is bool, generation int64) metav1alpha1.Condition {
	c := metav1alpha1.Condition{
		Type: storagev1alpha1.ConditionBackendInitialized, Status: metav1.ConditionFalse, ObservedGeneration: generation,
		Reason: storagev1alpha1.ReasonBackendInitializationFailed, Message: "it was so", LastTransitionTime: early,
	}
	if is {
		c.Status, c.Reason = metav1.ConditionTrue, storagev1alpha1.ReasonBackendInitializationSucceeded
		c.Message = "Successfully initialized backend."
	}
	return c
}

func secretFound() metav1alpha1.Condition {
	return metav1alpha1.Condition{
		Type: storagev1alpha1.ConditionBackendSecretFound, Status: metav1.ConditionTrue, ObservedGeneration: 1,
		Reason: storagev1alpha1.ReasonBackendSecretAvailable, Message: "Backend secret exists.", LastTransitionTime: early,
	}
}

func repo(name string, bytes int64) storagev1alpha1.RepositoryInfo {
	return storagev1alpha1.RepositoryInfo{Name: name, Namespace: "demo", Path: "/" + name, SizeBytes: ptr.To(bytes)}
}

// story prints a verdict so that a row can say all of it in a few lines.
func story(v Verdict) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s", v.Status.Phase)
	for _, c := range v.Status.Conditions {
		fmt.Fprintf(&b, "\n%s=%s %s: %s", c.Type, c.Status, c.Reason, c.Message)
	}
	switch i := v.Intent.(type) {
	case WriteMetadata:
		fmt.Fprintf(&b, "\nwrite %d", len(i.Metadata.Repositories))
	case StartInit:
		fmt.Fprintf(&b, "\nstart init %d", len(i.Metadata.Repositories))
	case RemoveInit:
		b.WriteString("\nremove init")
	}
	if v.Stalled != "" {
		b.WriteString("\nstalled")
	}
	if v.WakeUp > 0 {
		fmt.Fprintf(&b, "\nwake up in %s", v.WakeUp)
	}
	return b.String()
}

const (
	ready    = "Ready\nBackendInitialized=True BackendInitializationSucceeded: Successfully initialized backend."
	notReady = "NotReady\nBackendInitialized=False BackendInitializationFailed: "
)

func TestDecide(t *testing.T) {
	current := &Metadata{
		TypeMeta:          metav1.TypeMeta{APIVersion: MetadataAPIVersion, Kind: MetadataKind},
		CreationTimestamp: early, OperatorVersion: "v1",
		Repositories: []storagev1alpha1.RepositoryInfo{repo("a", 10)},
	}
	a := []storagev1alpha1.RepositoryInfo{repo("a", 10)}
	for sentence, row := range map[string]struct {
		facts Facts
		want  string
	}{
		"a mistake in the spec stalls and says all of it": {
			Facts{Problems: []string{"first", "second"}}, notReady + "first; second\nstalled"},
		"a new storage on the network gets its document": {
			Facts{Look: &Look{}}, ready + "\nwrite 0\nwake up in 10m0s"},
		"a document that is up to date isn't written": {
			Facts{Repositories: a, Look: &Look{Metadata: current}}, ready + "\nwake up in 10m0s"},
		"a Repository that is new to the document is written into it": {
			Facts{Repositories: append(a, repo("b", 1)), Look: &Look{Metadata: current}}, ready + "\nwrite 2\nwake up in 10m0s"},
		"what the document lists and the cluster doesn't have stays": {
			Facts{Look: &Look{Metadata: current}}, ready + "\nwake up in 10m0s"},
		"an entry whose data is gone goes": {
			Facts{Look: &Look{Metadata: current, Lost: a}}, ready + "\nwrite 0\nwake up in 10m0s"},
		"a Secret that is there is said to be": {
			Facts{Look: &Look{SecretName: "demo/s3", SecretFound: true}},
			"Ready\nBackendSecretFound=True BackendSecretAvailable: Backend secret exists.\n" +
				"BackendInitialized=True BackendInitializationSucceeded: Successfully initialized backend.\nwrite 0\nwake up in 10m0s"},
		"a Secret that is missing is named, and nothing is written": {
			Facts{Look: &Look{SecretName: "demo/s3"}},
			"NotReady\nBackendSecretFound=False BackendSecretNotAvailable: Secret demo/s3 does not exist. Create it; it is looked at once a minute.\nstalled"},
		"a key that is missing is named": {
			Facts{Look: &Look{SecretName: "demo/s3", SecretFound: true, MissingKeys: []string{"AWS_SECRET_ACCESS_KEY"}}},
			"NotReady\nBackendSecretFound=False BackendSecretNotAvailable: Secret demo/s3 has no value for AWS_SECRET_ACCESS_KEY. Add it; it is looked at once a minute.\nstalled"},
		"a storage that worked is NotReady without its Secret": {
			Facts{Status: status(initialised(true, 1), secretFound()), Look: &Look{SecretName: "demo/s3"}},
			"Not" + ready + "\nBackendSecretFound=False BackendSecretNotAvailable: Secret demo/s3 does not exist. Create it; it is looked at once a minute.\nstalled"},
		"credential-less mode has no condition about a Secret": {
			Facts{Status: status(secretFound()), Look: &Look{Metadata: current}, Repositories: a}, ready + "\nwake up in 10m0s"},
		"wrong credentials say which Secret to look at": {
			Facts{Look: &Look{SecretName: "demo/s3", SecretFound: true, Failure: &engine.Error{Class: engine.ClassDenied, Message: "the key is unknown"}}},
			"NotReady\nBackendSecretFound=True BackendSecretAvailable: Backend secret exists.\n" +
				"BackendInitialized=False BackendInitializationFailed: AccessDenied: the key is unknown. Check the keys in Secret demo/s3 and what they may do in the backend.\nstalled"},
		"an unknown bucket says what to do": {
			Facts{Look: &Look{Failure: &engine.Error{Class: engine.ClassBucketMissing, Message: "no bucket b."}}},
			notReady + "BucketNotFound: no bucket b. Create the bucket, or correct spec.storage.\nstalled"},
		"access that is lost shows": {
			Facts{Status: status(initialised(true, 1)), Look: &Look{Failure: &engine.Error{Class: engine.ClassUnreachable, Message: "no such host"}}},
			notReady + "BackendUnreachable: no such host. Check the endpoint in spec.storage, DNS, and network policies.\nstalled"},
		"between two looks nothing changes": {
			Facts{Status: status(initialised(true, 1)), Last: LastLook{At: now.Add(-4 * time.Minute)}}, ready + "\nwake up in 6m0s"},
		"between two looks a storage that doesn't work stays so": {
			Facts{Status: status(initialised(false, 1)), Last: LastLook{At: now.Add(-time.Second)}}, notReady + "it was so\nstalled"},
		"a volume gets a Job": {
			Facts{Volume: true, Repositories: a}, "NotReady\nstart init 1\nwake up in 5s"},
		"a volume that is initialised gets none, also after its Job is gone": {
			Facts{Volume: true, Status: status(initialised(true, 1))}, ready},
		"a changed spec replaces the Job": {
			Facts{Volume: true, Status: status(initialised(true, 0)), Job: Job{Exists: true, Generation: 0, Ended: true}}, ready + "\nremove init\nwake up in 5s"},
		"a changed spec needs a Job again": {
			Facts{Volume: true, Status: status(initialised(true, 0))}, ready + "\nstart init 0\nwake up in 5s"},
		"a Job that runs is waited for, and its Secret made sure of": {
			Facts{Volume: true, Job: Job{Exists: true, Generation: 1}}, "NotReady\nstart init 0\nwake up in 5s"},
		"a pod that can't start tells why": {
			Facts{Volume: true, Job: Job{Exists: true, Generation: 1, Waiting: "claim not found"}},
			notReady + "The pod of the init Job can't start: claim not found\nstart init 0\nwake up in 5s"},
		"a Job that succeeded makes the storage Ready": {
			Facts{Volume: true, Job: Job{Exists: true, Generation: 1, Ended: true}}, ready},
		"a Job that failed tells why": {
			Facts{Volume: true, Job: Job{Exists: true, Generation: 1, Ended: true, Failure: &engine.Error{Class: engine.ClassStorageFull, Message: "no space"}}},
			notReady + "NoSpaceLeft: no space. Free space in the backend, or enlarge it.\nstalled"},
		"a Job that failed and is gone is made again": {
			Facts{Volume: true, Status: status(initialised(false, 1))}, notReady + "it was so\nstart init 0\nwake up in 5s"},
	} {
		t.Run(sentence, func(t *testing.T) {
			row.facts.Now, row.facts.Generation, row.facts.Version = now, 1, "v1"
			if got := story(Decide(row.facts)); got != row.want {
				t.Errorf("got:\n%s\nwant:\n%s", got, row.want)
			}
		})
	}
}

func TestDecidingAgainChangesNothing(t *testing.T) {
	f := Facts{Now: now, Generation: 1, Version: "v1", Look: &Look{SecretName: "demo/s3", SecretFound: true}}
	first := Decide(f)
	f.Status, f.Now = first.Status, metav1.NewTime(now.Add(time.Hour))
	second := Decide(f)
	for i, c := range second.Status.Conditions {
		if c != first.Status.Conditions[i] {
			t.Errorf("condition %s changed: %v, then %v", c.Type, first.Status.Conditions[i], c)
		}
	}
}

func TestSizesAreAddedUp(t *testing.T) {
	v := Decide(Facts{Now: now, Generation: 1, Look: &Look{}, Repositories: []storagev1alpha1.RepositoryInfo{
		repo("b", 3<<20), repo("a", 1<<20), {Name: "c", Namespace: "demo"},
	}})
	if v.Status.TotalSize != "4.000 MiB" || *v.Status.TotalSizeBytes != 4<<20 {
		t.Errorf("got %s, %d", v.Status.TotalSize, *v.Status.TotalSizeBytes)
	}
	if v.Status.Repositories[0].Name != "a" || v.Status.Repositories[2].Name != "c" {
		t.Errorf("not sorted: %v", v.Status.Repositories)
	}
}

func TestIsLookDue(t *testing.T) {
	known := []storagev1alpha1.RepositoryInfo{repo("a", 1), repo("b", 2)}
	at := func(ago time.Duration) LastLook {
		return NewLastLook(Facts{Now: metav1.NewTime(now.Add(-ago)), Generation: 1, Repositories: known})
	}
	for sentence, row := range map[string]struct {
		facts Facts
		want  bool
	}{
		"never looked at":                          {Facts{}, true},
		"looked at a moment ago, and it works":     {Facts{Last: at(time.Minute), Status: status(initialised(true, 1))}, false},
		"looked at long ago, and it works":         {Facts{Last: at(10 * time.Minute), Status: status(initialised(true, 1))}, true},
		"looked at a moment ago, and it fails":     {Facts{Last: at(29 * time.Second)}, false},
		"looked at a minute ago, and it fails":     {Facts{Last: at(time.Minute)}, true},
		"the spec has changed":                     {Facts{Last: LastLook{At: now.Time, Repositories: Identities(known)}}, true},
		"a spec with mistakes":                     {Facts{Problems: []string{"x"}}, false},
		"a volume":                                 {Facts{Volume: true}, false},
		"the same Repositories in another order":   {Facts{Last: at(0), Repositories: []storagev1alpha1.RepositoryInfo{repo("b", 5), repo("a", 9)}}, false},
		"one Repository less":                      {Facts{Last: at(0), Repositories: known[:1]}, true},
		"a Repository of the same name in another": {Facts{Last: at(0), Repositories: []storagev1alpha1.RepositoryInfo{repo("a", 1), {Name: "b", Namespace: "demo", Path: "/other"}}}, true},
	} {
		row.facts.Now, row.facts.Generation = now, 1
		if row.facts.Repositories == nil {
			row.facts.Repositories = known
		}
		if got := IsLookDue(row.facts); got != row.want {
			t.Errorf("%s: got %t", sentence, got)
		}
	}
}

func TestMetadata(t *testing.T) {
	first, changed := Merge(nil, []storagev1alpha1.RepositoryInfo{{Name: "b", Namespace: "demo", Path: "/b", Synced: ptr.To(true)}, repo("a", 5)}, "v1", now)
	if !changed {
		t.Fatal("a document that doesn't exist is up to date")
	}
	content, err := first.Encode()
	if err != nil {
		t.Fatal(err)
	}
	const want = `apiVersion: config.kubestash.com/v1alpha1
creationTimestamp: "2026-03-01T12:00:00Z"
kind: BackendMeta
operatorVersion: v1
repositories:
- name: a
  namespace: demo
  path: /a
  sizeBytes: 5
- name: b
  namespace: demo
  path: /b
`
	if string(content) != want {
		t.Errorf("got:\n%s", content)
	}
	read, err := ParseMetadata(content)
	if err != nil {
		t.Fatal(err)
	}
	if _, changed := Merge(read, []storagev1alpha1.RepositoryInfo{repo("a", 5)}, "v1", metav1.NewTime(now.Add(time.Hour))); changed {
		t.Error("the same content counts as a change")
	}
	next, changed := Merge(read, []storagev1alpha1.RepositoryInfo{repo("a", 6)}, "v2", metav1.NewTime(now.Add(time.Hour)))
	if !changed || !next.CreationTimestamp.Equal(&now) || next.OperatorVersion != "v2" || len(next.Repositories) != 2 || *next.Repositories[0].SizeBytes != 6 {
		t.Errorf("got %t %+v", changed, next)
	}
}

func TestForeignMetadataIsNotOurs(t *testing.T) {
	for sentence, content := range map[string]string{
		"not YAML": "\t{", "another kind": "kind: ConfigMap\napiVersion: v1\n", "empty": "", "another version": "kind: BackendMeta\napiVersion: config.kubestash.com/v9\n",
	} {
		if _, err := ParseMetadata([]byte(content)); err == nil {
			t.Errorf("%s: accepted", sentence)
		}
	}
}

func TestTheSameFailureReadsTheSame(t *testing.T) {
	for sentence, row := range map[string]struct{ in, want string }{
		"IPv4": {"read tcp 10.244.0.5:41234->10.96.0.7:9000: i/o timeout", "BackendUnreachable: read tcp 10.96.0.7:9000: i/o timeout."},
		"IPv6": {"read udp [fd00::5]:41234->[fd00::a]:53: i/o timeout", "BackendUnreachable: read udp [fd00::a]:53: i/o timeout."},
		"none": {"lookup s3 on 10.96.0.10:53: no such host", "BackendUnreachable: lookup s3 on 10.96.0.10:53: no such host."},
	} {
		got := Explain(&engine.Error{Class: engine.ClassUnreachable, Message: row.in}, "")
		if !strings.HasPrefix(got, row.want+" Check the endpoint") {
			t.Errorf("%s: %s", sentence, got)
		}
	}
}

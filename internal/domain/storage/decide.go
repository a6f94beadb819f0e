// Copyright The KubeStash Authors.
// SPDX-License-Identifier: Apache-2.0

package storage

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/utils/ptr"

	metav1alpha1 "kubestash.com/kubestash/api/meta/v1alpha1"
	storagev1alpha1 "kubestash.com/kubestash/api/storage/v1alpha1"
	"kubestash.com/kubestash/internal/domain/size"
	"kubestash.com/kubestash/internal/engine"
)

// Verdict is a decision.
type Verdict struct {
	Status storagev1alpha1.BackupStorageStatus
	// Intent is to be carried out before the verdict holds; nil when there is nothing to do.
	Intent Intent
	// Stalled tells what a human must mend; empty when nothing.
	Stalled string
	// WakeUp is when to look again although nothing changed; zero means never.
	WakeUp time.Duration
}

// Intent is one of the few things that a BackupStorage does to the world.
type Intent interface{ intent() }

// WriteMetadata writes metadata.yaml. Decide again when that fails, with the failure in Facts.Look.
type WriteMetadata struct{ Metadata *Metadata }

// StartInit makes the Job that writes metadata.yaml into a volume, where there is none yet.
type StartInit struct{ Metadata *Metadata }

// RemoveInit removes the Job of an earlier spec. A new one is made once it is gone.
type RemoveInit struct{}

func (WriteMetadata) intent() {}
func (StartInit) intent()     {}
func (RemoveInit) intent()    {}

// jobInterval is how often a Job is looked at whose pod has not ended. Only the Job is watched, not its pod.
const jobInterval = 5 * time.Second

// Decide says whether backups can be kept in the storage, and what is to be done for that.
func Decide(f Facts) Verdict {
	v := Verdict{Status: *f.Status.DeepCopy()}
	v.Status.Repositories = slices.Concat(f.Repositories, f.Pending)
	slices.SortFunc(v.Status.Repositories, byName)
	var total int64
	for _, r := range f.Repositories {
		total += ptr.Deref(r.SizeBytes, 0)
	}
	v.Status.TotalSize, v.Status.TotalSizeBytes = size.Format(total), ptr.To(total)

	switch {
	case len(f.Problems) > 0:
		v.fail(f, strings.Join(f.Problems, "; "))
	case f.Volume:
		decideVolume(f, &v)
	default:
		decideNetwork(f, &v)
	}
	v.tellDefault(f)
	v.Status.Phase = Phase(v.Status.Conditions)
	return v
}

// tellDefault says when another storage is the default. That is no reason to stop backups.
func (v *Verdict) tellDefault(f Facts) {
	if len(f.AnotherDefault) == 0 {
		metav1alpha1.RemoveCondition(&v.Status.Conditions, storagev1alpha1.ConditionDefault)
		return
	}
	metav1alpha1.SetCondition(&v.Status.Conditions, metav1alpha1.Condition{
		Type: storagev1alpha1.ConditionDefault, Status: metav1.ConditionFalse, ObservedGeneration: f.Generation,
		Reason: storagev1alpha1.ReasonAnotherDefault, Message: strings.Join(f.AnotherDefault, "; "),
	}, f.Now)
}

func decideNetwork(f Facts, v *Verdict) {
	look := f.Look
	if look == nil {
		v.rest(f)
		return
	}
	if !v.admitSecret(f, look) {
		return
	}
	if look.Failure != nil {
		v.fail(f, Explain(look.Failure, look.SecretName))
		return
	}
	v.succeed(f)
	v.WakeUp = readyInterval
	if metadata, changed := Merge(without(look.Metadata, look.Lost), f.Repositories, f.Version, f.Now); changed || len(look.Lost) > 0 {
		v.Intent = WriteMetadata{Metadata: metadata}
	}
}

// rest keeps the conditions when no look was due.
func (v *Verdict) rest(f Facts) {
	if Phase(v.Status.Conditions) == storagev1alpha1.BackupStoragePhaseReady {
		v.WakeUp = max(untilLook(f), time.Second)
		return
	}
	v.Stalled = "the storage could not be used at the last look"
}

// admitSecret sets BackendSecretFound. In credential-less mode there is no such condition.
func (v *Verdict) admitSecret(f Facts, look *Look) bool {
	if look.SecretName == "" {
		metav1alpha1.RemoveCondition(&v.Status.Conditions, storagev1alpha1.ConditionBackendSecretFound)
		return true
	}
	c := metav1alpha1.Condition{
		Type:               storagev1alpha1.ConditionBackendSecretFound,
		Status:             metav1.ConditionFalse,
		ObservedGeneration: f.Generation,
		Reason:             storagev1alpha1.ReasonBackendSecretNotAvailable,
	}
	switch {
	case !look.SecretFound:
		c.Message = fmt.Sprintf("Secret %s does not exist. Create it; it is looked at once a minute.", look.SecretName)
	case len(look.MissingKeys) > 0:
		c.Message = fmt.Sprintf("Secret %s has no value for %s. Add it; it is looked at once a minute.",
			look.SecretName, strings.Join(look.MissingKeys, ", "))
	default:
		c.Status, c.Reason = metav1.ConditionTrue, storagev1alpha1.ReasonBackendSecretAvailable
		c.Message = "Backend secret exists."
	}
	metav1alpha1.SetCondition(&v.Status.Conditions, c, f.Now)
	if c.Status == metav1.ConditionFalse {
		v.Stalled = c.Message
		return false
	}
	return true
}

func decideVolume(f Facts, v *Verdict) {
	switch {
	case IsInitialised(f):
	case !f.Job.Exists:
		v.Intent, v.WakeUp = startInit(f), jobInterval
	case f.Job.Generation != f.Generation:
		v.Intent, v.WakeUp = RemoveInit{}, jobInterval
	case f.Job.Ended && f.Job.Failure != nil:
		v.fail(f, Explain(f.Job.Failure, ""))
	case f.Job.Ended:
		v.succeed(f)
	default:
		if f.Job.Waiting != "" {
			v.fail(f, "The pod of the init Job can't start: "+f.Job.Waiting)
			v.Stalled = ""
		}
		// Making it again mends a Job whose Secret was not made.
		v.Intent, v.WakeUp = startInit(f), jobInterval
	}
}

// IsInitialised is true of a storage on a volume that a Job has written to for the spec that stands there now. The Job
// may be gone since.
func IsInitialised(f Facts) bool {
	c := metav1alpha1.FindCondition(f.Status.Conditions, storagev1alpha1.ConditionBackendInitialized)
	return f.Volume && c != nil && c.Status == metav1.ConditionTrue && c.ObservedGeneration == f.Generation
}

// startInit is the same each time it is asked for: the pod may have read it already.
func startInit(f Facts) StartInit {
	metadata, _ := Merge(nil, f.Repositories, f.Version, f.Created)
	return StartInit{Metadata: metadata}
}

func (v *Verdict) succeed(f Facts) {
	metav1alpha1.SetCondition(&v.Status.Conditions, metav1alpha1.Condition{
		Type:               storagev1alpha1.ConditionBackendInitialized,
		Status:             metav1.ConditionTrue,
		ObservedGeneration: f.Generation,
		Reason:             storagev1alpha1.ReasonBackendInitializationSucceeded,
		Message:            "Successfully initialized backend.",
	}, f.Now)
}

func (v *Verdict) fail(f Facts, message string) {
	SetFailed(&v.Status, f.Generation, message, f.Now)
	v.Stalled = message
}

// SetFailed says in status that the storage can't be used. It is for what happens past Decide, too: deletion.
func SetFailed(status *storagev1alpha1.BackupStorageStatus, generation int64, message string, now metav1.Time) {
	metav1alpha1.SetCondition(&status.Conditions, metav1alpha1.Condition{
		Type:               storagev1alpha1.ConditionBackendInitialized,
		Status:             metav1.ConditionFalse,
		ObservedGeneration: generation,
		Reason:             storagev1alpha1.ReasonBackendInitializationFailed,
		Message:            message,
	}, now)
	status.Phase = Phase(status.Conditions)
}

// Phase sums the conditions of a BackupStorage up.
func Phase(conditions []metav1alpha1.Condition) storagev1alpha1.BackupStoragePhase {
	secretMissing := metav1alpha1.HasCondition(conditions, storagev1alpha1.ConditionBackendSecretFound) &&
		!metav1alpha1.IsConditionTrue(conditions, storagev1alpha1.ConditionBackendSecretFound)
	if metav1alpha1.IsConditionTrue(conditions, storagev1alpha1.ConditionBackendInitialized) && !secretMissing {
		return storagev1alpha1.BackupStoragePhaseReady
	}
	return storagev1alpha1.BackupStoragePhaseNotReady
}

func without(m *Metadata, lost []storagev1alpha1.RepositoryInfo) *Metadata {
	if m == nil || len(lost) == 0 {
		return m
	}
	gone := map[string]bool{}
	for _, r := range lost {
		gone[identity(r)] = true
	}
	kept := *m
	kept.Repositories = slices.DeleteFunc(slices.Clone(m.Repositories), func(r storagev1alpha1.RepositoryInfo) bool {
		return gone[identity(r)]
	})
	return &kept
}

// Explain is what a user reads of a failure: its class, what happened, and what to do. The Secret may be empty.
func Explain(e *engine.Error, secret string) string {
	text := fmt.Sprintf("%s: %s", e.Class, strings.TrimSpace(source.ReplaceAllString(e.Message, "")))
	if !strings.HasSuffix(text, ".") {
		text += "."
	}
	if advice := advise(e.Class, secret); advice != "" {
		text += " " + advice
	}
	return text
}

// source is our own end of a connection in Go's network errors. Its port differs each time, and a message that
// changes with every look would be a new event each time.
var source = regexp.MustCompile(`\[?[0-9a-f.:]*[0-9a-f]\]?:[0-9]+->`)

func advise(class engine.Class, secret string) string {
	switch class {
	case engine.ClassDenied:
		if secret == "" {
			return "Check what the pod's identity may do in the backend."
		}
		return fmt.Sprintf("Check the keys in Secret %s and what they may do in the backend.", secret)
	case engine.ClassBucketMissing:
		return "Create the bucket, or correct spec.storage."
	case engine.ClassUnreachable:
		return "Check the endpoint in spec.storage, DNS, and network policies."
	case engine.ClassTLS:
		return "Put the CA of the server into CA_CERT_DATA of the Secret, or correct the endpoint."
	case engine.ClassStorageFull:
		return "Free space in the backend, or enlarge it."
	default:
		return ""
	}
}

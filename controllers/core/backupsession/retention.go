// Copyright The KubeStash Authors.
// SPDX-License-Identifier: Apache-2.0

package backupsession

import (
	"cmp"
	"context"
	"fmt"
	"time"

	corev1alpha1 "kubestash.com/kubestash/api/core/v1alpha1"
	metav1alpha1 "kubestash.com/kubestash/api/meta/v1alpha1"
	storagev1alpha1 "kubestash.com/kubestash/api/storage/v1alpha1"
	"kubestash.com/kubestash/internal/domain/restore"
	"kubestash.com/kubestash/internal/domain/retention"
	"kubestash.com/kubestash/internal/domain/schedule"
	"kubestash.com/kubestash/internal/domain/session"
	"kubestash.com/kubestash/internal/kube"
)

// gatherRetention reads what may go from a Repository, and what must stay.
func (r *Reconciler) gatherRetention(
	ctx context.Context, g *gathered, u *session.Unit, fact *session.Repository, repo *storagev1alpha1.Repository,
) error {
	if err := r.gatherHolds(ctx, fact, repo); err != nil {
		return err
	}
	ref, ok := retentionRef(g, u.Target, fact.Name)
	if !ok {
		return nil
	}
	ref.Namespace = cmp.Or(ref.Namespace, g.facts.Session.Namespace)
	fact.PolicyRef = ref
	policy, found, err := kube.Get[storagev1alpha1.RetentionPolicy](ctx, r.Client, ref.Namespace, ref.Name)
	if err != nil {
		return err
	}
	if !found {
		problem(u, false, "RetentionPolicy %s/%s doesn't exist.", ref.Namespace, ref.Name)
		return nil
	}
	if err := r.checkUse(ctx, g, u, storagev1alpha1.KindRetentionPolicy, policy, policy.Spec.UsagePolicy); err != nil {
		return err
	}
	p, err := retentionPolicy(policy.Spec)
	if err != nil {
		problem(u, false, "RetentionPolicy %s/%s: %v", ref.Namespace, ref.Name, err)
		return nil
	}
	fact.Policy = &p
	return nil
}

// retentionRef finds the policy of the backend that a Repository is on. The configuration's controller has
// written the resolved references, defaults included, into its status.
func retentionRef(g *gathered, target, repository string) (metav1alpha1.ObjectReference, bool) {
	part := g.part(target)
	if part == nil {
		return metav1alpha1.ObjectReference{}, false
	}
	wanted, seen := g.facts.Invoker.Backends, g.facts.Invoker.Seen.Backends
	for _, info := range part.Repositories {
		if info.Name != repository {
			continue
		}
		for _, b := range seen {
			if (b.Name == info.Backend || info.Backend == "" && len(seen) == 1) && b.RetentionPolicy != nil {
				return b.RetentionPolicy.Ref, true
			}
		}
		for _, b := range wanted {
			if (b.Name == info.Backend || info.Backend == "" && len(wanted) == 1) && b.RetentionPolicy != nil {
				return *b.RetentionPolicy, true
			}
		}
	}
	return metav1alpha1.ObjectReference{}, false
}

func retentionPolicy(spec storagev1alpha1.RetentionPolicySpec) (retention.Policy, error) {
	if err := schedule.ValidateTimeZone(spec.TimeZone); err != nil {
		return retention.Policy{}, err
	}
	zone, err := time.LoadLocation(spec.TimeZone)
	if err != nil {
		return retention.Policy{}, fmt.Errorf("reading time zone %q: %w", spec.TimeZone, err)
	}
	p := retention.Policy{Zone: zone}
	if spec.MaxRetentionPeriod != "" {
		period, err := retention.ParsePeriod(string(spec.MaxRetentionPeriod))
		if err != nil {
			return p, err
		}
		p.MaxRetentionPeriod = period
	}
	if s := spec.SuccessfulSnapshots; s != nil {
		p.Last, p.Hourly, p.Daily, p.Weekly, p.Monthly, p.Yearly = s.Last, s.Hourly, s.Daily, s.Weekly, s.Monthly, s.Yearly
	}
	if f := spec.FailedSnapshots; f != nil {
		p.FailedLast = f.Last
	}
	return p, nil
}

// latestSnapshot is what a RestoreSession says for the newest Snapshot that succeeded.
const latestSnapshot = "latest"

// gatherHolds finds who reads from a Repository, in whatever namespace, and whether its data can be trusted.
func (r *Reconciler) gatherHolds(ctx context.Context, fact *session.Repository, repo *storagev1alpha1.Repository) error {
	if repo.Status.Integrity != nil && !*repo.Status.Integrity {
		fact.HoldBack = fmt.Sprintf("the last check found Repository %s damaged; see its conditions. "+
			"Old backups may be all that can still be restored, so none is dropped until a check finds it whole.", repo.Name)
	}
	var all corev1alpha1.RestoreSessionList
	if err := r.Client.List(ctx, &all); err != nil {
		return fmt.Errorf("listing RestoreSessions: %w", err)
	}
	readers := map[string]string{}
	for i := range all.Items {
		s := &all.Items[i]
		if restore.Finished(s.Status) || !session.Reads(s, repo, fact.Past) {
			continue
		}
		name := s.Spec.DataSource.Snapshot
		if chosen, _ := restore.ChooseSnapshot(*s.Spec.DataSource, fact.Past, r.Clock.Now()); chosen != nil && (name == "" || name == latestSnapshot) {
			name = chosen.Name
		}
		readers[name] = s.Namespace + "/" + s.Name
	}
	fact.Holds = session.Holds(fact.Past, readers)
	return nil
}

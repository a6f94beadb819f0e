// Copyright The KubeStash Authors.
// SPDX-License-Identifier: Apache-2.0

package webhook

import (
	"context"
	"encoding/json"
	"errors"
	"strings"
	"testing"

	admissionv1 "k8s.io/api/admission/v1"
	authenticationv1 "k8s.io/api/authentication/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/util/validation/field"
	"sigs.k8s.io/controller-runtime/pkg/client/fake"
	"sigs.k8s.io/controller-runtime/pkg/webhook/admission"

	storagev1alpha1 "kubestash.com/kubestash/api/storage/v1alpha1"
	"kubestash.com/kubestash/internal/kube/around"
)

type policy = storagev1alpha1.RetentionPolicy

const self = "system:serviceaccount:kubestash:kubestash-operator"

// forbids refuses each word of a policy's time zone, and doubts its period.
func forbids(failure error) rules[policy, *policy] {
	return rules[policy, *policy]{
		deps: Deps{Self: self}, spec: func(p *policy) any { return p.Spec },
		look: func(_ context.Context, _ around.Reader, p *policy) (findings, error) {
			var list field.ErrorList
			for word := range strings.FieldsSeq(p.Spec.TimeZone) {
				list = append(list, field.Invalid(field.NewPath("spec", "timeZone"), word, "it is forbidden"))
			}
			return findings{beside: list, doubts: strings.Fields(string(p.Spec.MaxRetentionPeriod))}, failure
		},
	}
}

func written(zone, period string, change ...func(*policy)) *policy {
	p := &policy{ObjectMeta: metav1.ObjectMeta{Namespace: "demo", Name: "p"}}
	p.Spec.TimeZone, p.Spec.MaxRetentionPeriod = zone, storagev1alpha1.RetentionPeriod(period)
	for _, c := range change {
		c(p)
	}
	return p
}

func by(user string, before *policy) context.Context {
	r := admission.Request{AdmissionRequest: admissionv1.AdmissionRequest{
		Operation: admissionv1.Create, UserInfo: authenticationv1.UserInfo{Username: user},
	}}
	if before != nil {
		raw, err := json.Marshal(before)
		if err != nil {
			panic(err)
		}
		r.Operation, r.OldObject = admissionv1.Update, runtime.RawExtension{Raw: raw}
	}
	return admission.NewContextWithRequest(context.Background(), r)
}

func TestAsking(t *testing.T) {
	leaving := func(p *policy) { now := metav1.Now(); p.DeletionTimestamp = &now }
	labelled := func(p *policy) { p.Labels = map[string]string{"a": "b"} }
	for sentence, row := range map[string]struct {
		user        string
		failure     error
		before, obj *policy
		refused     []string
		warnings    string
	}{
		"what is right is let in":                          {user: "me", obj: written("", "")},
		"what is doubtful is let in with a warning":        {user: "me", obj: written("", "30x"), warnings: "30x"},
		"what is wrong is refused":                         {user: "me", obj: written("Mars", ""), refused: []string{"Mars"}},
		"all that is wrong is told":                        {user: "me", obj: written("Mars Venus", "30x"), refused: []string{"Mars", "Venus"}, warnings: "30x"},
		"what the operator writes is never refused":        {user: self, obj: written("Mars", "")},
		"what can't be looked up is let in, and told":      {user: "me", failure: errors.New("no answer"), obj: written("Mars", ""), warnings: "no answer"},
		"a change that makes it wrong is refused":          {user: "me", before: written("", ""), obj: written("Mars", ""), refused: []string{"Mars"}},
		"what was wrong before is a warning":               {user: "me", before: written("Mars", ""), obj: written("Mars", "1d"), warnings: "Mars"},
		"a second mistake beside it is refused":            {user: "me", before: written("Mars", ""), obj: written("Mars Venus", ""), refused: []string{"Venus"}, warnings: "Mars"},
		"one mistake after the other may be mended":        {user: "me", before: written("Mars Venus", ""), obj: written("Mars", ""), warnings: "Mars"},
		"a change of metadata is nobody's business":        {user: "me", before: written("Mars", "30x"), obj: written("Mars", "30x", labelled)},
		"what is being deleted may lose its finalizers":    {user: "me", before: written("Mars", ""), obj: written("Mars Venus", "", leaving)},
		"who can't look up the former object lets it pass": {user: "me", failure: errors.New("no answer"), before: written("", ""), obj: written("Mars", ""), warnings: "no answer"},
	} {
		t.Run(sentence, func(t *testing.T) {
			v := &validator[policy, *policy]{forbids(row.failure)}
			var warnings admission.Warnings
			var err error
			if row.before == nil {
				warnings, err = v.ValidateCreate(by(row.user, nil), row.obj)
			} else {
				warnings, err = v.ValidateUpdate(by(row.user, row.before), row.before, row.obj)
			}
			if (err != nil) != (len(row.refused) > 0) {
				t.Fatalf("got %v", err)
			}
			for _, word := range row.refused {
				if !strings.Contains(err.Error(), word) {
					t.Errorf("%v doesn't say %s", err, word)
				}
			}
			if err != nil && strings.Count(err.Error(), "Invalid value") != len(row.refused) {
				t.Errorf("%v says more than %v", err, row.refused)
			}
			if got := strings.Join(warnings, "\n"); !strings.Contains(got, row.warnings) || (got == "") != (row.warnings == "") {
				t.Errorf("warnings are %q, want %q", got, row.warnings)
			}
		})
	}
	if warnings, err := (&validator[policy, *policy]{forbids(nil)}).ValidateDelete(by("me", nil), written("Mars", "")); err != nil || warnings != nil {
		t.Errorf("a deletion: %v, %v", warnings, err)
	}
}

// The cache is asked first; what it finds fault with is asked again of who knows everything. Readers are told apart by what they are.
func TestCacheFirst(t *testing.T) {
	cached, fresh := around.Reader{Client: fake.NewClientBuilder().Build()}, around.Reader{Live: fake.NewClientBuilder().Build()}
	for sentence, row := range map[string]struct {
		inCache, inFact string
		failure         error
		isOneOfMany     bool
		refused         bool
		warnings        string
		asked           int
	}{
		"what is right by the cache is asked once":                {inCache: "", inFact: "Mars", asked: 1},
		"what only the cache finds fault with is let in":          {inCache: "Mars", inFact: "", asked: 2},
		"what is wrong is refused":                                {inCache: "Mars", inFact: "Mars", refused: true, asked: 2},
		"what is wrong by itself is refused at once":              {inCache: "nonsense", inFact: "nonsense", refused: true, asked: 1},
		"what only the cache doubts is let in without a word":     {inCache: "?", inFact: "", asked: 2},
		"what is doubtful is told":                                {inCache: "?", inFact: "?", warnings: "?", asked: 2},
		"a cache that doesn't answer is no reason to stop asking": {failure: errors.New("not synced"), inFact: "Mars", refused: true, asked: 2},
		"a kind with rules between its objects is asked past it":  {inCache: "", inFact: "Mars", isOneOfMany: true, refused: true, asked: 1},
	} {
		t.Run(sentence, func(t *testing.T) {
			asked := 0
			v := &validator[policy, *policy]{rules[policy, *policy]{
				deps: Deps{Self: self, Cached: cached, Fresh: fresh}, spec: func(p *policy) any { return p.Spec }, isOneOfMany: row.isOneOfMany,
				look: func(_ context.Context, by around.Reader, _ *policy) (findings, error) {
					asked++
					says, failure := row.inFact, error(nil)
					if by.Client != nil {
						says, failure = row.inCache, row.failure
					}
					switch says {
					case "":
						return findings{}, failure
					case "?":
						return findings{doubts: []string{says}}, failure
					}
					wrong := field.ErrorList{field.Invalid(field.NewPath("spec"), says, "it is forbidden")}
					if says == "nonsense" {
						return findings{alone: wrong}, failure
					}
					return findings{beside: wrong}, failure
				},
			}}
			warnings, err := v.ValidateCreate(by("me", nil), written("", ""))
			if (err != nil) != row.refused || strings.Join(warnings, "\n") != row.warnings || asked != row.asked {
				t.Errorf("refused: %v, warnings %q, asked %d times; want %+v", err, warnings, asked, row)
			}
		})
	}
}

func TestFillingIn(t *testing.T) {
	leaving := func(p *policy) { now := metav1.Now(); p.DeletionTimestamp = &now }
	for sentence, row := range map[string]struct {
		user        string
		failure     error
		before, obj *policy
		want        string
	}{
		"a new object is filled in":                        {user: "me", obj: written("", ""), want: "1d"},
		"so is one that changes, by what was there":        {user: "me", before: written("", "2d"), obj: written("UTC", ""), want: "2d"},
		"one whose spec doesn't change stays as it is":     {user: "me", before: written("", ""), obj: written("", "")},
		"one that is being deleted, too":                   {user: "me", before: written("", "2d"), obj: written("UTC", "", leaving)},
		"what the operator writes stays as it is":          {user: self, obj: written("", "")},
		"what can't be looked up stays out, and is let in": {user: "me", failure: errors.New("no answer"), obj: written("", "")},
	} {
		t.Run(sentence, func(t *testing.T) {
			d := &defaulter[policy, *policy]{rules: forbids(nil), fill: func(_ context.Context, before, p *policy) error {
				if row.failure != nil {
					return row.failure
				}
				p.Spec.MaxRetentionPeriod = "1d"
				if before != nil {
					p.Spec.MaxRetentionPeriod = before.Spec.MaxRetentionPeriod
				}
				return nil
			}}
			if err := d.Default(by(row.user, row.before), row.obj); err != nil {
				t.Fatal(err)
			}
			if got := string(row.obj.Spec.MaxRetentionPeriod); got != row.want {
				t.Errorf("got %q, want %q", got, row.want)
			}
		})
	}
	broken := admission.NewContextWithRequest(context.Background(), admission.Request{AdmissionRequest: admissionv1.AdmissionRequest{
		Operation: admissionv1.Update, OldObject: runtime.RawExtension{Raw: []byte("{")}}})
	if err := (&defaulter[policy, *policy]{rules: forbids(nil)}).Default(broken, written("", "")); err == nil {
		t.Error("a request that can't be read is let in")
	}
}

// Copyright The KubeStash Authors.
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/wait"
	"k8s.io/client-go/rest"
	"k8s.io/utils/ptr"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"kubestash.com/kubestash/tests/kit/hand"
	"kubestash.com/kubestash/tests/kit/object"
)

// operator is what is tested, and how this pod reaches it.
type operator struct {
	client.Client
	config *rest.Config
	// namespace and account are the operator's.
	namespace, account string
	// image and host are those of this pod: applications run from the same image, and, as a volume is on one node, on the same node.
	image, host string
}

// find looks for the one operator of the cluster.
func find(ctx context.Context) (*operator, error) {
	config, err := rest.InClusterConfig()
	if err != nil {
		return nil, err
	}
	scheme, err := hand.NewScheme()
	if err != nil {
		return nil, err
	}
	o := &operator{config: config}
	if o.Client, err = client.New(config, client.Options{Scheme: scheme}); err != nil {
		return nil, fmt.Errorf("creating a client: %w", err)
	}
	var list appsv1.DeploymentList
	if err := o.List(ctx, &list, client.MatchingLabels{"app.kubernetes.io/name": "kubestash-operator"}); err != nil {
		return nil, fmt.Errorf("looking for the operator: %w", err)
	}
	if len(list.Items) != 1 {
		return nil, fmt.Errorf("looking for the operator: there are %d Deployments of it: install it first", len(list.Items))
	}
	o.namespace, o.account = list.Items[0].Namespace, list.Items[0].Spec.Template.Spec.ServiceAccountName
	return o, o.self(ctx)
}

func (o *operator) self(ctx context.Context) error {
	name, err := os.Hostname()
	if err != nil {
		return err
	}
	pod := &corev1.Pod{}
	if err := o.Get(ctx, client.ObjectKey{Namespace: os.Getenv("SCORECARD_NAMESPACE"), Name: name}, pod); err != nil {
		return fmt.Errorf("looking for this pod: %w", err)
	}
	o.image = pod.Spec.Containers[0].Image
	node := &corev1.Node{}
	if err := o.Get(ctx, client.ObjectKey{Name: pod.Spec.NodeName}, node); err != nil {
		return fmt.Errorf("looking for this pod's node: %w", err)
	}
	o.host = node.Labels[corev1.LabelHostname]
	return nil
}

// within does something in a namespace of its own, which is gone before it returns.
func (o *operator) within(ctx context.Context, do func(namespace string) error) error {
	namespace := &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{GenerateName: "kubestash-scorecard-"}}
	if err := o.Create(ctx, namespace); err != nil {
		return fmt.Errorf("making a namespace: %w", err)
	}
	err := do(namespace.Name)
	// The test may have used up its time.
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), time.Minute)
	defer cancel()
	if gone := o.Delete(ctx, namespace); gone != nil {
		return errors.Join(err, fmt.Errorf("removing namespace %s: %w", namespace.Name, gone))
	}
	return errors.Join(err, o.await(ctx, "namespace "+namespace.Name+" is gone", func(ctx context.Context) (bool, string, error) {
		err := o.Get(ctx, client.ObjectKeyFromObject(namespace), namespace)
		return err != nil && client.IgnoreNotFound(err) == nil, fmt.Sprintf("%+v", namespace.Status), client.IgnoreNotFound(err)
	}))
}

func (o *operator) make(ctx context.Context, objects ...client.Object) error {
	for _, object := range objects {
		if err := o.Create(ctx, object); err != nil {
			return fmt.Errorf("creating %T %s: %w", object, object.GetName(), err)
		}
	}
	return nil
}

// await waits until it is so, and says what was seen last when it never is.
func (o *operator) await(ctx context.Context, what string, look func(ctx context.Context) (isSo bool, saw string, err error)) error {
	var last string
	err := wait.PollUntilContextCancel(ctx, time.Second, true, func(ctx context.Context) (bool, error) {
		isSo, saw, err := look(ctx)
		last = saw
		return isSo, err
	})
	if err != nil {
		return fmt.Errorf("waiting until %s: %w; last seen: %s", what, err, last)
	}
	return nil
}

// app is an application of this program: its command on a claim. It is ready once the files are there.
func (o *operator) app(namespace, name, claim, command string) *appsv1.Deployment {
	d := object.Deployment(namespace, name, claim)
	c := &d.Spec.Template.Spec.Containers[0]
	c.Image, c.Command = o.image, []string{"/scorecard", command, object.MountPath}
	c.SecurityContext = &corev1.SecurityContext{RunAsUser: ptr.To[int64](0)} // whoever makes the volume
	c.ReadinessProbe = &corev1.Probe{
		ProbeHandler:  corev1.ProbeHandler{Exec: &corev1.ExecAction{Command: []string{"/scorecard", "check", object.MountPath}}},
		PeriodSeconds: 1,
	}
	d.Spec.Template.Spec.NodeSelector = map[string]string{corev1.LabelHostname: o.host}
	return d
}

// ready waits until an application has its files.
func (o *operator) ready(ctx context.Context, namespace, name string) error {
	return o.await(ctx, "application "+name+" has its files", func(ctx context.Context) (bool, string, error) {
		d := &appsv1.Deployment{}
		err := o.Get(ctx, client.ObjectKey{Namespace: namespace, Name: name}, d)
		return d.Status.ReadyReplicas == 1, fmt.Sprintf("%+v", d.Status), err
	})
}

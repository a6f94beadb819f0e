// Copyright The KubeStash Authors.
// SPDX-License-Identifier: Apache-2.0

package lifecycle

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/fields"
	"k8s.io/client-go/kubernetes"

	"kubestash.com/kubestash/tests/cluster/internal/plan"
)

// waitNodes waits until every node is ready by its present kubelet's word. The Ready condition alone won't do after a crash: it's still the
// dead kubelet's.
func (u *ascent) waitNodes(ctx context.Context) error {
	client, err := u.Client()
	if err != nil {
		return err
	}
	return u.poll(ctx, "the nodes", limit, func(ctx context.Context) error {
		if err := u.revive(ctx); err != nil {
			return err
		}
		for _, n := range u.c.Nodes {
			if err := u.checkNode(ctx, client, n); err != nil {
				return fmt.Errorf("%s: %w", n.Name, err)
			}
		}
		return nil
	})
}

func (u *ascent) checkNode(ctx context.Context, client kubernetes.Interface, n plan.Node) error {
	node, err := client.CoreV1().Nodes().Get(ctx, n.Name, metav1.GetOptions{})
	if err != nil {
		return err
	}
	kubelet, err := u.table().Record("kubelet-" + n.Name)
	if err != nil {
		return err
	}
	beat, ok := readySince(*node)
	if !ok {
		return errors.New("not ready")
	}
	// A status is written at the start and every few minutes, a lease every few seconds: either is the present kubelet's word.
	if beat.Before(kubelet.Started.Truncate(time.Second)) {
		lease, err := client.CoordinationV1().Leases(corev1.NamespaceNodeLease).Get(ctx, n.Name, metav1.GetOptions{})
		if err != nil {
			return err
		}
		if lease.Spec.RenewTime == nil || lease.Spec.RenewTime.Time.Before(kubelet.Started) {
			return errors.New("not heard of since its kubelet started")
		}
	}
	return checkPods(ctx, client, n.Name)
}

// checkPods fails until the kubelet knows the pods that it has to run: until then exec and logs answer that there are none.
func checkPods(ctx context.Context, client kubernetes.Interface, node string) error {
	bound, err := client.CoreV1().Pods("").List(ctx, metav1.ListOptions{FieldSelector: fields.OneTermEqualSelector("spec.nodeName", node).String()})
	if err != nil {
		return err
	}
	data, err := client.CoreV1().RESTClient().Get().Resource("nodes").Name(node).SubResource("proxy").Suffix("pods").DoRaw(ctx)
	if err != nil {
		return fmt.Errorf("asking its kubelet: %w", err)
	}
	var known struct {
		Items []metav1.PartialObjectMetadata `json:"items"`
	}
	if err := json.Unmarshal(data, &known); err != nil {
		return fmt.Errorf("reading its kubelet's answer: %w", err)
	}
	seen := map[string]bool{}
	for _, p := range known.Items {
		seen[string(p.UID)] = true
	}
	for _, p := range bound.Items {
		if p.DeletionTimestamp == nil && !seen[string(p.UID)] && (p.Status.Phase == corev1.PodPending || p.Status.Phase == corev1.PodRunning) {
			return fmt.Errorf("its kubelet doesn't know pod %s/%s yet", p.Namespace, p.Name)
		}
	}
	return nil
}

// readySince says whether a node is ready, and when its kubelet last said so in the node's status.
func readySince(n corev1.Node) (time.Time, bool) {
	for _, c := range n.Status.Conditions {
		if c.Type == corev1.NodeReady {
			return c.LastHeartbeatTime.Time, c.Status == corev1.ConditionTrue
		}
	}
	return time.Time{}, false
}

func isReady(n corev1.Node) bool {
	_, ready := readySince(n)
	return ready
}

// Copyright The KubeStash Authors.
// SPDX-License-Identifier: Apache-2.0

package sandbox

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	cri "k8s.io/cri-api/pkg/apis/runtime/v1"
)

// parallel is how many pods are removed at a time.
const parallel = 8

// Runtime speaks to one node's containerd.
type Runtime struct {
	conn   *grpc.ClientConn
	client cri.RuntimeServiceClient
}

// Open prepares a connection to a socket; nothing is sent yet.
func Open(socket string) (*Runtime, error) {
	conn, err := grpc.NewClient("unix://"+socket, grpc.WithTransportCredentials(insecure.NewCredentials()))
	if err != nil {
		return nil, fmt.Errorf("opening the container runtime: %w", err)
	}
	return &Runtime{conn: conn, client: cri.NewRuntimeServiceClient(conn)}, nil
}

// Close ends the connection.
func (r *Runtime) Close() { r.conn.Close() }

// Ready waits until the runtime answers and says that it's ready for pods, the network included.
func (r *Runtime) Ready(ctx context.Context) error {
	for {
		status, err := r.client.Status(ctx, &cri.StatusRequest{}, grpc.WaitForReady(true))
		if err == nil {
			err = notReady(status)
		}
		if err == nil {
			return nil
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("waiting for the container runtime: %w", err)
		case <-time.After(50 * time.Millisecond):
		}
	}
}

func notReady(status *cri.StatusResponse) error {
	for _, c := range status.GetStatus().GetConditions() {
		// There are conditions that are advice: containerd lists deprecations as one.
		decides := c.GetType() == cri.RuntimeReady || c.GetType() == cri.NetworkReady
		if decides && !c.GetStatus() {
			return fmt.Errorf("%s: %s %s", c.GetType(), c.GetReason(), c.GetMessage())
		}
	}
	return nil
}

// Count is how many pods the runtime holds.
func (r *Runtime) Count(ctx context.Context) (int, error) {
	list, err := r.client.ListPodSandbox(ctx, &cri.ListPodSandboxRequest{})
	if err != nil {
		return 0, fmt.Errorf("listing pods: %w", err)
	}
	return len(list.GetItems()), nil
}

// RemoveAll stops and removes every pod, and returns how many there were.
func (r *Runtime) RemoveAll(ctx context.Context) (int, error) {
	list, err := r.client.ListPodSandbox(ctx, &cri.ListPodSandboxRequest{})
	if err != nil {
		return 0, fmt.Errorf("listing pods: %w", err)
	}
	items := list.GetItems()
	errs := make([]error, len(items))
	slots := make(chan struct{}, parallel)
	var group sync.WaitGroup
	for i, item := range items {
		group.Go(func() {
			slots <- struct{}{}
			defer func() { <-slots }()
			errs[i] = r.remove(ctx, item.GetId())
		})
	}
	group.Wait()
	return len(items), errors.Join(errs...)
}

func (r *Runtime) remove(ctx context.Context, id string) error {
	if err := r.killContainers(ctx, id); err != nil {
		return err
	}
	if _, err := r.client.StopPodSandbox(ctx, &cri.StopPodSandboxRequest{PodSandboxId: id}); err != nil {
		return fmt.Errorf("stopping pod %s: %w", id, err)
	}
	if _, err := r.client.RemovePodSandbox(ctx, &cri.RemovePodSandboxRequest{PodSandboxId: id}); err != nil {
		return fmt.Errorf("removing pod %s: %w", id, err)
	}
	return nil
}

// killContainers doesn't wait for any container's grace: the cluster goes, and nobody is left to be graceful to.
func (r *Runtime) killContainers(ctx context.Context, sandbox string) error {
	list, err := r.client.ListContainers(ctx, &cri.ListContainersRequest{Filter: &cri.ContainerFilter{PodSandboxId: sandbox}})
	if err != nil {
		return fmt.Errorf("listing the containers of pod %s: %w", sandbox, err)
	}
	for _, c := range list.GetContainers() {
		if c.GetState() != cri.ContainerState_CONTAINER_RUNNING {
			continue
		}
		if _, err := r.client.StopContainer(ctx, &cri.StopContainerRequest{ContainerId: c.GetId(), Timeout: 0}); err != nil {
			return fmt.Errorf("stopping container %s: %w", c.GetId(), err)
		}
	}
	return nil
}

// Copyright The KubeStash Authors.
// SPDX-License-Identifier: Apache-2.0

package s3

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"

	"github.com/minio/minio-go/v7"
	"github.com/minio/minio-go/v7/pkg/credentials"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/portforward"
	"k8s.io/client-go/transport/spdy"
)

// Client looks into a server's buckets from outside the cluster, over a forwarded port.
type Client struct {
	// Address is host and port on this machine that lead to the server, for as long as the Client isn't closed.
	Address string
	// S3 is there for what the methods don't do.
	S3   *minio.Client
	stop chan struct{}
	done chan error
}

// Dial forwards a free port of this machine to the server. Who dials closes.
func Dial(ctx context.Context, config *rest.Config, s Server) (*Client, error) {
	pod, err := readyPod(ctx, config, s.Namespace)
	if err != nil {
		return nil, err
	}
	c := &Client{stop: make(chan struct{}), done: make(chan error, 1)}
	local, err := c.forward(config, s.Namespace, pod)
	if err != nil {
		return nil, fmt.Errorf("forwarding a port to the S3 server: %w", err)
	}
	c.Address = fmt.Sprintf("127.0.0.1:%d", local)
	c.S3, err = minio.New(c.Address, &minio.Options{
		Creds: credentials.NewStaticV4(s.Keys.AccessKey, s.Keys.SecretKey, ""), Region: Region, BucketLookup: minio.BucketLookupPath,
	})
	if err != nil {
		c.Close()
		return nil, fmt.Errorf("setting up the S3 client: %w", err)
	}
	return c, nil
}

// Close ends the forwarding.
func (c *Client) Close() {
	close(c.stop)
	<-c.done
}

func readyPod(ctx context.Context, config *rest.Config, namespace string) (string, error) {
	clients, err := kubernetes.NewForConfig(config)
	if err != nil {
		return "", fmt.Errorf("creating client: %w", err)
	}
	pods, err := clients.CoreV1().Pods(namespace).List(ctx, metav1.ListOptions{LabelSelector: "app.kubernetes.io/name=" + Name})
	if err != nil {
		return "", fmt.Errorf("listing the S3 server's pods: %w", err)
	}
	for _, pod := range pods.Items {
		for _, condition := range pod.Status.Conditions {
			if condition.Type == corev1.PodReady && condition.Status == corev1.ConditionTrue && pod.DeletionTimestamp == nil {
				return pod.Name, nil
			}
		}
	}
	return "", fmt.Errorf("looking for the S3 server: namespace %s has no ready pod of it", namespace)
}

// forward returns the local port.
func (c *Client) forward(config *rest.Config, namespace, pod string) (uint16, error) {
	clients, err := kubernetes.NewForConfig(config)
	if err != nil {
		return 0, err
	}
	transport, upgrader, err := spdy.RoundTripperFor(config)
	if err != nil {
		return 0, err
	}
	url := clients.CoreV1().RESTClient().Post().Resource("pods").Namespace(namespace).Name(pod).SubResource("portforward").URL()
	dialer := spdy.NewDialer(upgrader, &http.Client{Transport: transport}, http.MethodPost, url)
	ready, trouble := make(chan struct{}), &bytes.Buffer{}
	forwarder, err := portforward.NewOnAddresses(dialer, []string{"127.0.0.1"}, []string{fmt.Sprintf(":%d", port)}, c.stop, ready, io.Discard, trouble)
	if err != nil {
		return 0, err
	}
	go func() { c.done <- forwarder.ForwardPorts() }()
	select {
	case <-ready:
	case err := <-c.done:
		return 0, errors.Join(err, errors.New(trouble.String()))
	}
	ports, err := forwarder.GetPorts()
	if err != nil {
		c.Close()
		return 0, err
	}
	return ports[0].Local, nil
}

// CreateBucket creates a bucket; one that exists is left as it is.
func (c *Client) CreateBucket(ctx context.Context, bucket string) error {
	exists, err := c.S3.BucketExists(ctx, bucket)
	if err != nil {
		return fmt.Errorf("looking for bucket %s: %w", bucket, err)
	}
	if exists {
		return nil
	}
	if err := c.S3.MakeBucket(ctx, bucket, minio.MakeBucketOptions{Region: Region}); err != nil {
		return fmt.Errorf("creating bucket %s: %w", bucket, err)
	}
	return nil
}

// Keys lists the keys below a prefix, in order; an empty prefix means the whole bucket.
func (c *Client) Keys(ctx context.Context, bucket, prefix string) ([]string, error) {
	objects, err := c.list(ctx, bucket, prefix)
	if err != nil {
		return nil, err
	}
	keys := make([]string, 0, len(objects))
	for _, o := range objects {
		keys = append(keys, o.Key)
	}
	return keys, nil
}

// Size is how many objects there are below a prefix, and of how many bytes together.
func (c *Client) Size(ctx context.Context, bucket, prefix string) (objects int, bytes int64, err error) {
	all, err := c.list(ctx, bucket, prefix)
	for _, o := range all {
		bytes += o.Size
	}
	return len(all), bytes, err
}

func (c *Client) list(ctx context.Context, bucket, prefix string) ([]minio.ObjectInfo, error) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	var objects []minio.ObjectInfo
	for o := range c.S3.ListObjects(ctx, bucket, minio.ListObjectsOptions{Prefix: prefix, Recursive: true}) {
		if o.Err != nil {
			return nil, fmt.Errorf("listing bucket %s: %w", bucket, o.Err)
		}
		objects = append(objects, o)
	}
	return objects, nil
}

// Read returns one object.
func (c *Client) Read(ctx context.Context, bucket, key string) ([]byte, error) {
	object, err := c.S3.GetObject(ctx, bucket, key, minio.GetObjectOptions{})
	if err != nil {
		return nil, fmt.Errorf("reading %s: %w", key, err)
	}
	defer func() { _ = object.Close() }()
	content, err := io.ReadAll(object)
	if err != nil {
		return nil, fmt.Errorf("reading %s: %w", key, err)
	}
	return content, nil
}

// Empty deletes everything below a prefix; an empty prefix means the whole bucket.
func (c *Client) Empty(ctx context.Context, bucket, prefix string) error {
	keys, err := c.Keys(ctx, bucket, prefix)
	if err != nil {
		return err
	}
	for _, key := range keys {
		if err := c.S3.RemoveObject(ctx, bucket, key, minio.RemoveObjectOptions{}); err != nil {
			return fmt.Errorf("deleting %s: %w", key, err)
		}
	}
	return nil
}

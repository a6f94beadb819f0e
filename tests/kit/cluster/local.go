// Copyright The KubeStash Authors.
// SPDX-License-Identifier: Apache-2.0

package cluster

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"strings"

	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"
	"sigs.k8s.io/e2e-framework/klient"
	"sigs.k8s.io/e2e-framework/support"
)

// registryName is how images of the machine's local registry are named.
const registryName = "127.0.0.1:5000"

// Local is the provider of the machine's own cluster. There is one on a machine, so its name is ignored; making it when it runs already
// changes nothing.
type Local struct {
	root       string
	path       string
	version    string
	out        io.Writer
	kubeconfig string
	config     *rest.Config
}

var _ support.E2EClusterProviderWithImageLoader = (*Local)(nil)

// NewLocal drives bin/cluster of the checkout at root. Its progress goes to out; nil means nowhere.
func NewLocal(root string, out io.Writer) *Local {
	if out == nil {
		out = io.Discard
	}
	l := &Local{root: root, out: out}
	l.SetDefaults()
	return l
}

// SetDefaults points at the program and the kubeconfig in the checkout.
func (l *Local) SetDefaults() support.E2EClusterProvider {
	if l.path == "" {
		l.path = filepath.Join(l.root, "bin", "cluster")
	}
	l.kubeconfig = filepath.Join(l.root, ".cluster", "kubeconfig")
	return l
}

// WithName does nothing: a machine has one cluster.
func (l *Local) WithName(string) support.E2EClusterProvider { return l }

// WithVersion chooses Kubernetes 1.36 or 1.33 for a cluster that is to be made.
func (l *Local) WithVersion(version string) support.E2EClusterProvider {
	l.version = version
	return l
}

// WithPath names another bin/cluster.
func (l *Local) WithPath(path string) support.E2EClusterProvider {
	l.path = path
	return l
}

// WithOpts applies options.
func (l *Local) WithOpts(opts ...support.ClusterOpts) support.E2EClusterProvider {
	for _, o := range opts {
		o(l)
	}
	return l
}

// Create starts the cluster, or makes a damaged one whole, and returns its kubeconfig. args go to "cluster up".
func (l *Local) Create(ctx context.Context, args ...string) (string, error) {
	up := append([]string{"up"}, args...)
	if l.version != "" {
		up = append(up, "--kubernetes", l.version)
	}
	if _, err := l.run(ctx, up...); err != nil {
		return "", err
	}
	return l.kubeconfig, l.connect()
}

// CreateWithConfig is refused: the cluster has no configuration file.
func (l *Local) CreateWithConfig(context.Context, string) (string, error) {
	return "", errors.New("creating a cluster from a file: this cluster is configured by arguments alone")
}

func (l *Local) connect() error {
	config, err := clientcmd.BuildConfigFromFlags("", l.kubeconfig)
	if err != nil {
		return fmt.Errorf("reading the cluster's kubeconfig: %w", err)
	}
	l.config = config
	return nil
}

// GetKubeconfig is the path of the kubeconfig.
func (l *Local) GetKubeconfig() string { return l.kubeconfig }

// GenerateKubeconfig writes the kubeconfig anew and returns its path.
func (l *Local) GenerateKubeconfig(...string) (string, error) {
	return l.run(context.Background(), "kubeconfig")
}

// GetKubectlContext is the kubeconfig's only context.
func (l *Local) GetKubectlContext() string { return "kubestash" }

// ExportLogs copies the servers' logs into a folder.
func (l *Local) ExportLogs(_ context.Context, dest string) error {
	logs, err := filepath.EvalSymlinks(filepath.Join(l.root, ".cluster", "logs"))
	if err != nil {
		return fmt.Errorf("finding the cluster's logs: %w", err)
	}
	files, err := filepath.Glob(filepath.Join(logs, "*.log"))
	if err != nil {
		return fmt.Errorf("listing the cluster's logs: %w", err)
	}
	if err := os.MkdirAll(dest, 0o755); err != nil {
		return fmt.Errorf("making the folder for logs: %w", err)
	}
	for _, f := range files {
		data, err := os.ReadFile(f)
		if err != nil {
			return fmt.Errorf("reading a log: %w", err)
		}
		if err := os.WriteFile(filepath.Join(dest, filepath.Base(f)), data, 0o644); err != nil {
			return fmt.Errorf("writing a log: %w", err)
		}
	}
	return nil
}

// Destroy takes the cluster away, with everything in it.
func (l *Local) Destroy(ctx context.Context) error {
	_, err := l.run(ctx, "down")
	return err
}

// WaitForControlPlane does nothing: Create returns when the nodes and the DNS are ready.
func (l *Local) WaitForControlPlane(context.Context, klient.Client) error { return nil }

// KubernetesRestConfig is the administrator's configuration; nil before Create.
func (l *Local) KubernetesRestConfig() *rest.Config { return l.config }

// LoadImage sees to it that the nodes can pull an image. One that is named in the local registry is there already; of others the last part
// of the name says which known image it is: docker.io/library/postgres:16 is "postgres".
func (l *Local) LoadImage(ctx context.Context, image string, _ ...string) error {
	if strings.HasPrefix(image, registryName+"/") {
		return nil
	}
	_, err := l.run(ctx, "image", known(image))
	return err
}

// known is the last part of an image's name, without tag and digest.
func known(image string) string {
	name, _, _ := strings.Cut(path.Base(image), "@")
	name, _, _ = strings.Cut(name, ":")
	return name
}

// LoadImageArchive pushes a docker or OCI archive, or a root file system, to the local registry. args go to "cluster load"; without --name the
// image is named after the file.
func (l *Local) LoadImageArchive(ctx context.Context, archive string, args ...string) error {
	_, err := l.run(ctx, loadArguments(archive, args)...)
	return err
}

func loadArguments(archive string, args []string) []string {
	out := append([]string{"load", archive}, args...)
	for _, a := range args {
		if a == "--name" || strings.HasPrefix(a, "--name=") {
			return out
		}
	}
	name, _, _ := strings.Cut(filepath.Base(archive), ".")
	return append(out, "--name", name)
}

// run runs bin/cluster and returns what it answered.
func (l *Local) run(ctx context.Context, args ...string) (string, error) {
	cmd := exec.CommandContext(ctx, l.path, append(args, "--project", l.root)...)
	var answer, told bytes.Buffer
	cmd.Stdout, cmd.Stderr = &answer, io.MultiWriter(l.out, &told)
	if err := cmd.Run(); err != nil {
		return "", fmt.Errorf("running cluster %s: %w: %s", args[0], err, lastLine(told.String()))
	}
	return strings.TrimSpace(answer.String()), nil
}

func lastLine(text string) string {
	text = strings.TrimSpace(text)
	return text[strings.LastIndex(text, "\n")+1:]
}

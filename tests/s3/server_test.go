// Copyright The KubeStash Authors.
// SPDX-License-Identifier: Apache-2.0

package s3_test

import (
	"bytes"
	"os"
	"regexp"
	"testing"

	"kubestash.com/kubestash/tests/s3"
)

// The local registry has the version that tests/cluster builds and no other.
func TestManifestNamesTheVersionThatIsBuilt(t *testing.T) {
	pins, err := os.ReadFile("../cluster/tools/versitygw/go.mod")
	if err != nil {
		t.Fatal(err)
	}
	pin := regexp.MustCompile(`github\.com/versity/versitygw (v\S+)`).FindSubmatch(pins)
	if pin == nil {
		t.Fatal("tests/cluster/tools/versitygw/go.mod pins no versitygw")
	}
	if image := append([]byte("image: docker.io/versity/versitygw:"), pin[1]...); !bytes.Contains(s3.Manifest, append(image, '\n')) {
		t.Errorf("server.yaml doesn't say %q", image)
	}
}

func TestEndpoint(t *testing.T) {
	if got, want := (s3.Server{Namespace: "x"}).Endpoint(), "http://s3.x.svc:7070"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

// Copyright The KubeStash Authors.
// SPDX-License-Identifier: Apache-2.0

//go:build integration

package integration

import (
	"testing"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/log/zap"

	"kubestash.com/kubestash/tests/kit/apiserver"
	"kubestash.com/kubestash/tests/kit/gateway"
	"kubestash.com/kubestash/tests/kit/hand"
)

func TestIntegration(t *testing.T) {
	RegisterFailHandler(Fail)
	RunSpecs(t, "Controllers on a real API server")
}

// The servers of all tests. Each test has a namespace and a prefix in the bucket of its own.
var (
	server apiserver.Server
	store  *gateway.Gateway
)

// Recognisable secrets: a test looks for them wherever they must not be.
const (
	accessKey = "CANARYACCESSKEY"
	secretKey = "canary-secret-key-7d1f0a"
	password  = "canary-password-93be42"
	bucket    = "backups"
)

var _ = BeforeSuite(func(ctx SpecContext) {
	ctrl.SetLogger(zap.New(zap.WriteTo(GinkgoWriter), zap.UseDevMode(true)))
	server = apiserver.Start(GinkgoTB())
	store = gateway.Start(GinkgoTB(), accessKey, secretKey)
	store.MakeBucket(GinkgoTB(), bucket)
	d, err := hand.New(ctx, server.Admin, server.Operator, time.Now(), ctrl.Log)
	Expect(err).NotTo(HaveOccurred())
	Expect(d.Catalogue(ctx)).To(Succeed())
}, NodeTimeout(5*time.Minute))

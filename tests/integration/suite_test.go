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
	"kubestash.com/kubestash/tests/kit/hand"
	"kubestash.com/kubestash/tests/kit/s3server"
)

func TestIntegration(t *testing.T) {
	RegisterFailHandler(Fail)
	RunSpecs(t, "Controllers on a real API server")
}

// The servers of all tests. Each test has a namespace and a prefix in the bucket of its own.
var (
	server apiserver.Server
	store  s3server.Server
)

// Recognisable secrets: a test looks for them wherever they must not be.
const (
	accessKey = s3server.AccessKeyID
	secretKey = s3server.SecretAccessKey
	password  = "canary-password-93be42"
	bucket    = s3server.Bucket
)

var _ = BeforeSuite(func(ctx SpecContext) {
	ctrl.SetLogger(zap.New(zap.WriteTo(GinkgoWriter), zap.UseDevMode(true)))
	server = apiserver.Start(GinkgoTB())
	store = s3server.Start(GinkgoTB())
	d, err := hand.New(ctx, server.Admin, server.Operator, time.Now(), ctrl.Log)
	Expect(err).NotTo(HaveOccurred())
	Expect(d.Catalogue(ctx)).To(Succeed())
}, NodeTimeout(5*time.Minute))

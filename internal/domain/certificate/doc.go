// Copyright The KubeStash Authors.
// SPDX-License-Identifier: Apache-2.0

// Package certificate answers: which certificates does a server need that makes its own, and when is it time for others?
//
// An authority signs the server's certificate, and clients trust the authority. A new authority is published some time before anything
// is signed by it, and an old one stays trusted until nothing is shown any more that it signed: so at no time does anybody meet a
// certificate that they don't trust yet, or no more. Time and randomness are arguments.
package certificate

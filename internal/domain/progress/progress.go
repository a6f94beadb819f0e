// Copyright The KubeStash Authors.
// SPDX-License-Identifier: Apache-2.0

package progress

import (
	"fmt"
	"strconv"
)

var decimalUnits = []string{"B", "kB", "MB", "GB", "TB", "PB", "EB"}

// Amount writes bytes with four significant digits and a decimal unit: "806B", "2.746MB".
func Amount(bytes int64) string {
	value, unit := float64(bytes), 0
	for value >= 1000 && unit < len(decimalUnits)-1 {
		value /= 1000
		unit++
	}
	return fmt.Sprintf("%.4g%s", value, decimalUnits[unit])
}

// Percent writes done out of total: "42.50%". It is empty, to be left out, when the total isn't known yet or nothing
// is done. A total that still grows must not show more than all, so 100.00% is the most.
func Percent(done, total int64) string {
	if done <= 0 || total <= 0 {
		return ""
	}
	return strconv.FormatFloat(min(float64(done)/float64(total), 1)*100, 'f', 2, 64) + "%"
}

// Speed writes bytes per second: "13.5MB/s". It is empty, to be left out, before the first second and the first byte.
func Speed(bytes, seconds int64) string {
	if bytes <= 0 || seconds <= 0 {
		return ""
	}
	return Amount(bytes/seconds) + "/s"
}

module kubestash.com/kubestash/tests/cluster/tools/wget

go 1.26.0

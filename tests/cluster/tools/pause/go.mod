module kubestash.com/kubestash/tests/cluster/tools/pause

go 1.26.0

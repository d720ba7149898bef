// Kustomizebench measures the kustomize library in a loop in one process: the yardstick of Plumb's own renderer. The trees
// are on disk, where the operating system keeps them in memory after the first run.
//
// usage: kustomizebench [-n RUNS] [-all] DIR...
// Prints "DIR MILLISECONDS BYTES" for each, the best of the runs, in processor time of all threads; with -all the sum of all directories, each once.
package main

import (
	"flag"
	"fmt"
	"os"
	"syscall"
	"time"

	"sigs.k8s.io/kustomize/api/krusty"
	"sigs.k8s.io/kustomize/kyaml/filesys"
)

// spent is the processor time of this process.
func spent() time.Duration {
	var usage syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &usage); err != nil {
		panic(err)
	}
	return time.Duration(usage.Utime.Nano() + usage.Stime.Nano())
}

func build(dir string) (int, time.Duration, error) {
	options := krusty.MakeDefaultOptions()
	options.Reorder = krusty.ReorderOptionLegacy
	begin := spent()
	resources, err := krusty.MakeKustomizer(options).Run(filesys.MakeFsOnDisk(), dir)
	if err != nil {
		return 0, 0, err
	}
	text, err := resources.AsYaml()
	return len(text), spent() - begin, err
}

func main() {
	runs := flag.Int("n", 5, "runs of each directory")
	all := flag.Bool("all", false, "one sum for all directories")
	flag.Parse()
	var sum time.Duration
	for _, dir := range flag.Args() {
		best, size := time.Duration(0), 0
		for i := 0; i < *runs; i++ {
			n, took, err := build(dir)
			if err != nil {
				fmt.Fprintln(os.Stderr, dir, err)
				os.Exit(1)
			}
			if best == 0 || took < best {
				best, size = took, n
			}
		}
		sum += best
		if !*all {
			fmt.Printf("%s %.3f %d\n", dir, float64(best.Microseconds())/1000, size)
		}
	}
	if *all {
		fmt.Printf("all %.3f %d\n", float64(sum.Microseconds())/1000, len(flag.Args()))
	}
}

// Command netlab is a network of namespaces with faults: each node is a network namespace with a TUN device, and every packet between two of
// them passes through this process, which delays, drops, doubles and reorders it as it is told over HTTP. It needs root and `ip`.
//
// Usage: netlab -prefix NAME [-seed N] [-subnet 10.77.0.0/24]; prints the URL of its HTTP server on the first line. All it made goes when it
// ends (SIGINT, SIGTERM) or when its standard input closes, so that it does not outlive who started it.
//
//	POST /nodes {"name":"a"}                  -> {"name":"a","namespace":"PREFIX-a","address":"10.77.0.2"}
//	PUT  /links {"from":"a","to":"*",…}       sets the conditions of links, "*" for all nodes; directions are apart
//	GET  /links                               -> [{"from","to","forwarded","dropped","duplicated"}] since the start
package main

import (
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"os"
	"os/signal"
	"syscall"
)

func main() {
	prefix := flag.String("prefix", "netlab", "begins the names of the namespaces")
	seed := flag.Uint64("seed", 1, "of the faults")
	subnet := flag.String("subnet", "10.77.0.0/24", "addresses of the nodes")
	flag.Parse()
	if err := run(*prefix, *seed, *subnet); err != nil {
		fmt.Fprintf(os.Stderr, "netlab: %v\n", err)
		os.Exit(1)
	}
}

func run(prefix string, seed uint64, subnet string) error {
	network, err := netip.ParsePrefix(subnet)
	if err != nil {
		return fmt.Errorf("-subnet: %w", err)
	}
	lab := newLab(prefix, seed, network)
	defer lab.close()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	fmt.Printf("http://%s\n", listener.Addr())
	ended := make(chan os.Signal, 2)
	signal.Notify(ended, syscall.SIGINT, syscall.SIGTERM)
	go func() {
		_, _ = io.Copy(io.Discard, os.Stdin)
		ended <- syscall.SIGTERM
	}()
	server := &http.Server{Handler: routes(lab)}
	go func() { _ = server.Serve(listener) }()
	<-ended
	return server.Close()
}

func routes(lab *lab) http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("POST /nodes", func(w http.ResponseWriter, r *http.Request) {
		var wanted struct{ Name string }
		if !read(w, r, &wanted) {
			return
		}
		made, err := lab.addNode(wanted.Name)
		answer(w, made, err)
	})
	mux.HandleFunc("PUT /links", func(w http.ResponseWriter, r *http.Request) {
		wanted := struct {
			From, To string
			conditions
		}{}
		if read(w, r, &wanted) {
			answer(w, struct{}{}, lab.setConditions(wanted.From, wanted.To, wanted.conditions))
		}
	})
	mux.HandleFunc("GET /links", func(w http.ResponseWriter, _ *http.Request) { answer(w, lab.counters(), nil) })
	return mux
}

func read(w http.ResponseWriter, r *http.Request, into any) bool {
	decoder := json.NewDecoder(http.MaxBytesReader(w, r.Body, 1<<16))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(into); err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return false
	}
	return true
}

func answer(w http.ResponseWriter, value any, err error) {
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(value)
}

package web

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"time"
)

// Server serves a handler until it is told to stop, and then finishes what is under way.
type Server struct {
	Handler http.Handler
	Log     *slog.Logger
	Grace   time.Duration // how long it waits for what is under way; 0 is 25 seconds

	Stopping func(context.Context) // ends what would stay open for ever, and waits for it; may be nil

	Certificate   *Certificate  // secures the connections; nil leaves them open
	HeaderTimeout time.Duration // how long a request's header may take; 0 is 5 seconds
}

// Serve answers on the listener until ctx ends. It returns nil when everything under way was answered in time.
func (s *Server) Serve(ctx context.Context, on net.Listener) error {
	grace := s.Grace
	if grace <= 0 {
		grace = 25 * time.Second
	}
	srv := &http.Server{
		Handler:           s.Handler,
		ReadHeaderTimeout: cmp.Or(s.HeaderTimeout, 5*time.Second),
		ReadTimeout:       30 * time.Second,
		WriteTimeout:      60 * time.Second,
		IdleTimeout:       2 * time.Minute,
		MaxHeaderBytes:    32 << 10,
		ErrorLog:          slog.NewLogLogger(s.Log.Handler(), slog.LevelDebug),
	}
	ended := make(chan error, 1)
	go func() { ended <- s.listen(srv, on) }()
	select {
	case err := <-ended:
		return fmt.Errorf("serve: %w", err)
	case <-ctx.Done():
	}
	s.Log.InfoContext(ctx, "stopping: finishing what is under way")
	limit, cancel := context.WithTimeout(context.WithoutCancel(ctx), grace)
	defer cancel()
	if s.Stopping != nil {
		s.Stopping(limit)
	}
	if err := srv.Shutdown(limit); err != nil {
		return errors.Join(fmt.Errorf("stop: %w", err), srv.Close())
	}
	return nil
}

// listen answers on the listener, secured where there is a certificate.
func (s *Server) listen(srv *http.Server, on net.Listener) error {
	if s.Certificate == nil {
		return srv.Serve(on)
	}
	srv.TLSConfig = s.Certificate.TLS()
	return srv.ServeTLS(on, "", "")
}

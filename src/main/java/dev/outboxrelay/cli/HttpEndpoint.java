// SPDX-License-Identifier: Apache-2.0
package dev.outboxrelay.cli;

import dev.outboxrelay.http.HttpLimits;
import dev.outboxrelay.http.HttpReply;
import dev.outboxrelay.http.HttpRoutes;
import dev.outboxrelay.http.HttpServer;
import io.micrometer.prometheusmetrics.PrometheusMeterRegistry;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.util.Optional;
import java.util.function.Supplier;

/**
 * Serves {@code /metrics}, {@code /health/live} and {@code /health/ready}. A scrape costs nothing
 * that the relay waits for, and health does not wait for a scrape.
 */
final class HttpEndpoint implements AutoCloseable {
  private static final String PROMETHEUS_TEXT = "text/plain; version=0.0.4; charset=utf-8";

  private final HttpServer server;

  private HttpEndpoint(HttpServer server) {
    this.server = server;
  }

  /**
   * Starts to serve.
   *
   * @param host the address to listen on
   * @param port 0 for a free one
   * @param registry what {@code /metrics} shows
   * @param whyNotReady empty when ready, else the reason
   */
  static HttpEndpoint start(
      String host,
      int port,
      PrometheusMeterRegistry registry,
      Supplier<Optional<String>> whyNotReady) {
    HttpRoutes routes =
        new HttpRoutes()
            .get("/health/live", () -> HttpReply.line(200, "live"))
            .get("/health/ready", () -> ready(whyNotReady.get()))
            .getSlowly("/metrics", () -> HttpReply.text(200, PROMETHEUS_TEXT, registry.scrape()));
    try {
      InetSocketAddress address = new InetSocketAddress(host, port);
      return new HttpEndpoint(HttpServer.start(address, routes, HttpLimits.DEFAULT));
    } catch (IOException | IllegalArgumentException e) {
      throw new UserError(
          ExitCode.USAGE,
          "cannot listen on "
              + host
              + ":"
              + port
              + " ("
              + e.getMessage()
              + "): choose another --http-port or --http-host");
    }
  }

  private static HttpReply ready(Optional<String> whyNot) {
    return whyNot
        .map(reason -> HttpReply.line(503, "not ready: " + reason))
        .orElseGet(() -> HttpReply.line(200, "ready"));
  }

  int port() {
    return server.port();
  }

  @Override
  public void close() {
    server.close();
  }
}

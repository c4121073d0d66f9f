// SPDX-License-Identifier: Apache-2.0
package dev.outboxrelay.cli;

import dev.outboxrelay.http.HttpLimits;
import dev.outboxrelay.http.HttpPage;
import dev.outboxrelay.http.HttpReply;
import dev.outboxrelay.http.HttpRoutes;
import dev.outboxrelay.http.HttpServer;
import dev.outboxrelay.http.HttpSite;
import io.micrometer.prometheusmetrics.PrometheusMeterRegistry;
import java.io.IOException;
import java.net.InetSocketAddress;

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
   */
  static HttpEndpoint start(
      String host, int port, PrometheusMeterRegistry registry, Health health) {
    HttpRoutes pages =
        new HttpRoutes()
            .get("/health/live", () -> HttpReply.line(200, "live"))
            .get("/health/ready", health::ready)
            .getSlowly("/metrics", () -> HttpReply.text(200, PROMETHEUS_TEXT, registry.scrape()));
    HttpSite routes =
        request -> {
          String destination = request.parameter("destination");
          return destination == null || !request.isRead() || !request.path().equals("/health/ready")
              ? pages.find(request)
              : HttpPage.now(health.ready(destination));
        };
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

  int port() {
    return server.port();
  }

  @Override
  public void close() {
    server.close();
  }
}

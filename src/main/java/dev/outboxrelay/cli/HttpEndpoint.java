package dev.outboxrelay.cli;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import io.micrometer.prometheusmetrics.PrometheusMeterRegistry;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.util.Optional;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.function.Supplier;

/**
 * Serves {@code /metrics}, {@code /health/live} and {@code /health/ready} on one daemon thread. A
 * scrape costs nothing that the relay waits for.
 */
final class HttpEndpoint implements AutoCloseable {
  private static final String TEXT = "text/plain; charset=utf-8";
  private static final String PROMETHEUS_TEXT = "text/plain; version=0.0.4; charset=utf-8";
  private static final int BACKLOG = 16;

  private final HttpServer server;
  private final ExecutorService executor;

  private HttpEndpoint(HttpServer server, ExecutorService executor) {
    this.server = server;
    this.executor = executor;
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
    HttpServer server;
    try {
      server = HttpServer.create(new InetSocketAddress(host, port), BACKLOG);
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
    ExecutorService executor =
        Executors.newSingleThreadExecutor(
            task -> {
              Thread thread = new Thread(task, "http");
              thread.setDaemon(true);
              return thread;
            });
    server.setExecutor(executor);
    server.createContext("/", exchange -> answer(exchange, 404, TEXT, "not found\n"));
    server.createContext(
        "/metrics", exchange -> answer(exchange, 200, PROMETHEUS_TEXT, registry.scrape()));
    server.createContext("/health/live", exchange -> answer(exchange, 200, TEXT, "live\n"));
    server.createContext(
        "/health/ready",
        exchange -> {
          Optional<String> reason = whyNotReady.get();
          if (reason.isEmpty()) {
            answer(exchange, 200, TEXT, "ready\n");
          } else {
            answer(exchange, 503, TEXT, "not ready: " + reason.get() + "\n");
          }
        });
    server.start();
    return new HttpEndpoint(server, executor);
  }

  int port() {
    return server.getAddress().getPort();
  }

  private static void answer(HttpExchange exchange, int status, String type, String text)
      throws IOException {
    try (exchange) {
      byte[] body = text.getBytes(StandardCharsets.UTF_8);
      exchange.getResponseHeaders().set("Content-Type", type);
      exchange.sendResponseHeaders(status, body.length);
      exchange.getResponseBody().write(body);
    }
  }

  @Override
  public void close() {
    server.stop(0);
    executor.shutdownNow();
  }
}

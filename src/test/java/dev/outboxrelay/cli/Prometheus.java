// SPDX-License-Identifier: Apache-2.0
package dev.outboxrelay.cli;

import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assertions.fail;

import dev.outboxrelay.testing.Await;
import dev.outboxrelay.testing.Ports;
import java.io.IOException;
import java.net.URI;
import java.net.URLEncoder;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.TimeUnit;

/** A Prometheus of this machine's that scrapes one relay, and evaluates rules, each second. */
final class Prometheus implements AutoCloseable {
  /** It scrapes and evaluates once a second. */
  private static final Duration PACE = Duration.ofMillis(200);

  private final HttpClient client = HttpClient.newHttpClient();
  private final Process process;
  private final int port;

  private Prometheus(Process process, int port) {
    this.process = process;
    this.port = port;
  }

  static Prometheus start(Path folder, int relayPort, String rules) throws Exception {
    int port = Ports.free();
    Files.writeString(folder.resolve("rules.yml"), rules);
    Files.writeString(
        folder.resolve("prometheus.yml"),
        "global: {scrape_interval: 1s, scrape_timeout: 1s, evaluation_interval: 1s}\n"
            + "rule_files: [rules.yml]\n"
            + "scrape_configs:\n"
            + "  - job_name: relay\n"
            + "    static_configs: [{targets: ['127.0.0.1:"
            + relayPort
            + "']}]\n");
    Process process =
        new ProcessBuilder(
                "prometheus",
                "--config.file=" + folder.resolve("prometheus.yml"),
                "--storage.tsdb.path=" + folder.resolve("data"),
                "--web.listen-address=127.0.0.1:" + port)
            .redirectErrorStream(true)
            .redirectOutput(folder.resolve("prometheus.log").toFile())
            .start();
    Prometheus prometheus = new Prometheus(process, port);
    Await.until("Prometheus serves", Duration.ofSeconds(60), prometheus::isReady);
    return prometheus;
  }

  private boolean isReady() throws InterruptedException {
    try {
      return get("/-/ready").statusCode() == 200;
    } catch (IOException e) {
      return false;
    }
  }

  private HttpResponse<String> get(String path) throws IOException, InterruptedException {
    return client.send(
        HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + port + path)).build(),
        HttpResponse.BodyHandlers.ofString());
  }

  /** The answer to a query, as JSON. */
  String query(String expression) throws Exception {
    HttpResponse<String> reply =
        get("/api/v1/query?query=" + URLEncoder.encode(expression, StandardCharsets.UTF_8));
    assertTrue(reply.statusCode() == 200, () -> expression + ": " + reply.body());
    return reply.body();
  }

  boolean fires(String alert) throws Exception {
    return query("ALERTS{alertname=\"" + alert + "\",alertstate=\"firing\"}").contains(alert);
  }

  /** Waits until an alert fires, or does not any more. */
  void await(String alert, boolean firing, Duration patience) throws Exception {
    long end = System.nanoTime() + patience.toNanos();
    while (fires(alert) != firing) {
      if (System.nanoTime() > end) {
        fail(
            alert
                + (firing ? " does not fire: " : " still fires: ")
                + query(
                    "{__name__=~\"ALERTS|outbox_relay_(ready|copied|observer).*"
                        + "|outbox_relay_destination_(down|owned|stalled)\"}"));
      }
      Thread.sleep(PACE.toMillis());
    }
  }

  @Override
  public void close() throws InterruptedException {
    process.destroy();
    if (!process.waitFor(10, TimeUnit.SECONDS)) {
      process.destroyForcibly();
    }
  }
}

// SPDX-License-Identifier: Apache-2.0
package dev.outboxrelay.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.micrometer.prometheusmetrics.PrometheusConfig;
import io.micrometer.prometheusmetrics.PrometheusMeterRegistry;
import java.net.Socket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

final class HttpEndpointTest {
  private final PrometheusMeterRegistry registry =
      new PrometheusMeterRegistry(PrometheusConfig.DEFAULT);
  private final Readiness readiness = new Readiness(Duration.ofMinutes(1));
  private final HttpEndpoint endpoint =
      HttpEndpoint.start("localhost", 0, registry, new Health(readiness));

  @AfterEach
  void close() {
    endpoint.close();
  }

  private HttpResponse<String> get(String path) throws Exception {
    URI uri = URI.create("http://localhost:" + endpoint.port() + path);
    return HttpClient.newHttpClient()
        .send(
            HttpRequest.newBuilder(uri).timeout(Duration.ofSeconds(30)).build(),
            HttpResponse.BodyHandlers.ofString());
  }

  @Test
  void metrics_scraped_showsMetersAsPrometheusText() throws Exception {
    registry.counter("outbox.test").increment(3);
    HttpResponse<String> response = get("/metrics");
    assertEquals(200, response.statusCode());
    assertTrue(response.body().contains("outbox_test_total 3.0"), response.body());
  }

  @Test
  void readiness_withAReason_is503AndSaysIt() throws Exception {
    readiness.connected();
    readiness.heardOwnBell();
    readiness.destinations(Set.of("shop"));
    assertEquals(200, get("/health/ready").statusCode());
    readiness.down("shop", "connection refused", 1000);
    assertEquals(200, get("/health/ready").statusCode());
    assertEquals(503, get("/health/ready?destination=shop").statusCode());
    assertEquals(404, get("/health/ready?destination=nobody").statusCode());
    readiness.databaseLost("the database is away", 100);
    HttpResponse<String> response = get("/health/ready");
    assertEquals(503, response.statusCode());
    assertTrue(response.body().contains("the database is away"), response.body());
    assertEquals(200, get("/health/live").statusCode());
  }

  @Test
  void halfRequests_manyOfThem_keepNobodyOut() throws Exception {
    List<Socket> half = new ArrayList<>();
    try {
      for (int n = 0; n < 200; n++) {
        Socket socket = new Socket("localhost", endpoint.port());
        half.add(socket);
        socket.getOutputStream().write("GET /hea".getBytes(StandardCharsets.US_ASCII));
      }
      assertEquals(200, get("/health/live").statusCode());
      assertEquals(200, get("/metrics").statusCode());
    } finally {
      for (Socket socket : half) {
        socket.close();
      }
    }
  }

  @Test
  void path_unknown_is404() throws Exception {
    assertEquals(404, get("/nothing").statusCode());
  }

  @Test
  void port_taken_isOneLineThatNamesIt() {
    UserError refused =
        assertThrows(
            UserError.class,
            () ->
                HttpEndpoint.start("localhost", endpoint.port(), registry, new Health(readiness)));
    assertEquals(ExitCode.USAGE, refused.exitCode());
    assertTrue(refused.getMessage().contains(":" + endpoint.port()), refused.getMessage());
  }
}

// SPDX-License-Identifier: Apache-2.0
package dev.outboxrelay.bench;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import org.junit.jupiter.api.Test;

final class BenchServerTest {
  private static String url(String given) {
    try (BenchServer server = BenchServer.given(given, "me", "secret")) {
      return server.url("bench");
    }
  }

  @Test
  void databaseOfTheBench_isReachedAsTheGivenOne() {
    assertEquals("jdbc:postgresql://db:5433/bench", url("jdbc:postgresql://db:5433/app"));
    assertEquals("jdbc:postgresql://db:5432/bench", url("jdbc:postgresql://db/app"));
    assertEquals("jdbc:postgresql://localhost:5432/bench", url("jdbc:postgresql:app"));
    assertEquals(
        "jdbc:postgresql://db:5432/bench?sslmode=require&connectTimeout=3",
        url("jdbc:postgresql://db/app?sslmode=require&connectTimeout=3"));
    assertEquals(
        "jdbc:postgresql://a:5432,b:5433/bench?targetServerType=primary",
        url("jdbc:postgresql://a,b:5433/app?targetServerType=primary"));
  }

  @Test
  void anythingElse_isRefused() {
    assertThrows(
        IllegalArgumentException.class, () -> BenchServer.given("jdbc:mysql://db/app", "me", ""));
  }
}

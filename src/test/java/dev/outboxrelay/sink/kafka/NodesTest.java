// SPDX-License-Identifier: Apache-2.0
package dev.outboxrelay.sink.kafka;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;

final class NodesTest {
  private final Nodes nodes = new Nodes();

  private void fail(String id, int port) {
    nodes.tried(id, "h", port);
    nodes.ended(id, "no");
  }

  @Test
  void cluster_whoseBrokersAllFail_isGone() {
    nodes.described();
    for (int each = 0; each < 5; each++) {
      assertFalse(nodes.gone(4));
      fail("" + each, each);
    }
    assertTrue(nodes.gone(4));
    assertEquals("h:0: no; h:1: no; h:2: no", nodes.words());
  }

  @Test
  void cluster_ofWhichOneBrokerAnswers_isNotGone() {
    nodes.described();
    nodes.tried("1", "::1", 1);
    nodes.answered("1");
    for (int each = 0; each < 50; each++) {
      fail("2", 2);
    }
    assertFalse(nodes.gone(2));
    assertEquals("h:2: no", nodes.words());
    nodes.ended("1", "over");
    assertTrue(nodes.gone(2));
  }

  /** A connection that was used and has ended is no failure. */
  @Test
  void broker_thatAnswersAgain_isNotNamedAnyMore() {
    nodes.described();
    fail("1", 1);
    assertEquals("h:1: no", nodes.words());
    nodes.tried("1", "h", 1);
    nodes.answered("1");
    assertNull(nodes.words());
    nodes.ended("1", "idle");
    assertNull(nodes.words());
    assertFalse(nodes.gone(1));
  }

  @Test
  void answer_beforeTheClusterIsDescribed_countsForNothing() {
    for (int each = 0; each < 3; each++) {
      nodes.tried("-1", "h", 1);
      nodes.answered("-1");
      nodes.ended("-1", "a login is wanted");
    }
    assertTrue(nodes.gone(1));
    assertEquals("h:1: a login is wanted", nodes.words());
  }

  @Test
  void hosts_ofAClusterThatMakesThemUp_areKeptUpToABound() {
    for (int each = 0; each < 10_000; each++) {
      nodes.unknown("\u001bhost" + each);
    }
    String words = String.valueOf(nodes.words());
    assertTrue(words.length() < 300 && words.indexOf('\u001b') < 0, words);
  }
}

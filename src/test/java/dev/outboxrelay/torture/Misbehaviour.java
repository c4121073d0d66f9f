// SPDX-License-Identifier: Apache-2.0
package dev.outboxrelay.torture;

import java.util.List;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;

/** What somebody did that nobody must, in words. Safe for threads. */
final class Misbehaviour {
  private final Queue<String> words = new ConcurrentLinkedQueue<>();
  private final RunRecord record;

  Misbehaviour(RunRecord record) {
    this.record = record;
  }

  void add(String what) {
    record.say("MISBEHAVED " + what);
    words.add(what);
  }

  List<String> all() {
    return List.copyOf(words);
  }
}

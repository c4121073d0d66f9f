// SPDX-License-Identifier: Apache-2.0
package dev.outboxrelay.bench;

import java.util.List;

/** A drain in which every message has the same key, so that each waits for the one before it. */
final class HotKeyScenario implements Scenario {
  @Override
  public String name() {
    return "hotkey";
  }

  @Override
  public String title() {
    return "messages of one key in order, one in flight at a time, beside the same without order";
  }

  /** Each side lasts two seconds at least; without order that takes many more messages. */
  @Override
  public Result run(Stage stage) throws Exception {
    int inOrder = stage.size(50_000, 100);
    int inAnyOrder = stage.size(600_000, 1_000);
    Series ordered = new Series();
    Series free = new Series();
    try (BenchDatabase database = stage.database();
        Arrivals arrivals = Arrivals.listen(line -> {});
        RelayProcess relay = stage.relay(database)) {
      RelayDrain byKey = drain(database, arrivals, relay, "hot", "key");
      RelayDrain anyOrder = drain(database, arrivals, relay, "free", "none");
      byKey.run(inOrder / 2);
      anyOrder.run(inAnyOrder / 2);
      for (int run = 1; run <= stage.runs(); run++) {
        Turns.take(
            run,
            () -> free.add(anyOrder.run(inAnyOrder).perSecond()),
            () -> ordered.add(byKey.run(inOrder).perSecond()));
        stage.say("hotkey " + run + "/" + stage.runs() + ": " + ordered + "; no order " + free);
      }
    }
    return Result.of(
        List.of(
            Figure.against("one key", "messages/s", ordered, "the same without order", free),
            Figure.of("a round trip", "ms", ordered.map(rate -> 1000 / rate))),
        "one message of a key is in flight at a time, so the rate is that of round trips: socket,"
            + " receiver, socket, and the relay's core in between",
        Series.number(inOrder)
            + " messages in order and "
            + Series.number(inAnyOrder)
            + " without; both are timed from the end of the pause to the last completion");
  }

  private static RelayDrain drain(
      BenchDatabase database,
      Arrivals arrivals,
      RelayProcess relay,
      String destination,
      String ordering)
      throws Exception {
    Orders orders = Orders.create(database, destination, arrivals.uri(), ordering, 1);
    return new RelayDrain(database, orders, arrivals, relay);
  }
}

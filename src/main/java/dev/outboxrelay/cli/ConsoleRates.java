// SPDX-License-Identifier: Apache-2.0
package dev.outboxrelay.cli;

import dev.outboxrelay.console.Rates;
import dev.outboxrelay.relay.events.RelayEvents;
import java.util.Set;

/** Tells the console what the relay delivers. */
record ConsoleRates(Rates rates) implements RelayEvents {
  @Override
  public void acknowledged(String destination, int messages) {
    rates.delivered(destination, messages);
  }

  @Override
  public void sent(String destination, int messages, long bytes) {
    rates.sent(destination, bytes);
  }

  @Override
  public void destinations(Set<String> names) {
    rates.destinations(names);
  }
}

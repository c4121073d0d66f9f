// SPDX-License-Identifier: Apache-2.0
package dev.outboxrelay.simulation;

import dev.outboxrelay.relay.events.RelayEvents;
import dev.outboxrelay.values.WireId;

/** What a relay says of itself: for the trace, and held against it. */
final class RelayWitness implements RelayEvents {
  private final World world;
  private final Host host;

  RelayWitness(World world, Host host) {
    this.world = world;
    this.host = host;
  }

  private void trace(String what) {
    if (world.trace().isKept()) {
      world.trace().add(host, what);
    }
  }

  @Override
  public void owned(String destination, long epoch) {
    trace("owns " + destination + ", epoch " + epoch);
  }

  @Override
  public void released(String destination, String reason) {
    trace("releases " + destination + ": " + reason);
    if (reason.contains("did not come in time") || reason.contains("is over")) {
      world.checker().fault();
    }
  }

  @Override
  public void down(String destination, String reason, long probeInMillis) {
    trace(destination + " is down: " + reason);
  }

  @Override
  public void up(String destination) {
    trace(destination + " is up");
  }

  @Override
  public void connectionLost(String destination, String reason, int inFlight) {
    trace(destination + " connection lost with " + inFlight + ": " + reason);
  }

  @Override
  public void retried(
      String destination, WireId id, int attempts, long delayMillis, String reason) {
    trace("retries " + id.id() + " after " + delayMillis + " ms, attempt " + attempts);
  }

  @Override
  public void failed(String destination, WireId id, int attempts, String reason) {
    trace("sets aside " + id.id() + ": " + reason);
  }

  @Override
  public void held(String destination, int messages) {
    trace("holds " + messages + " of " + destination);
  }

  @Override
  public void discarded(String destination, int messages) {
    trace("finds " + messages + " of " + destination + " taken");
  }

  @Override
  public void asleep() {
    trace("sleeps");
  }

  @Override
  public void missed(String destination, int messages) {
    trace("missed " + messages + " of " + destination);
    if (!world.hasSilentWriters()) {
      world.checker().violation("missed", host + ": no bell announced " + messages + " messages");
    }
  }

  @Override
  public void passedOver(String destination, int messages) {
    world
        .checker()
        .violation("passed over", host + ": its reads passed over " + messages + " messages");
  }
}

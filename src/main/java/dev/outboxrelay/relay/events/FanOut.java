// SPDX-License-Identifier: Apache-2.0
package dev.outboxrelay.relay.events;

import dev.outboxrelay.store.PoolUse;
import dev.outboxrelay.store.SchemaState;
import dev.outboxrelay.values.WireId;
import java.util.List;
import java.util.Set;

/** Passes events on to several listeners, in their order. */
public record FanOut(List<RelayEvents> listeners) implements RelayEvents {
  public FanOut {
    listeners = List.copyOf(listeners);
  }

  @Override
  public void connected() {
    listeners.forEach(l -> l.connected());
  }

  @Override
  public void databaseLost(String reason, long retryInMillis) {
    listeners.forEach(l -> l.databaseLost(reason, retryInMillis));
  }

  @Override
  public void loginRefused(String reason) {
    listeners.forEach(l -> l.loginRefused(reason));
  }

  @Override
  public void cannotGoOn(SchemaState schema) {
    listeners.forEach(l -> l.cannotGoOn(schema));
  }

  @Override
  public void statementSucceeded(String what) {
    listeners.forEach(l -> l.statementSucceeded(what));
  }

  @Override
  public void statementFailed(String what, String reason, long retryInMillis) {
    listeners.forEach(l -> l.statementFailed(what, reason, retryInMillis));
  }

  @Override
  public void copied(String finding) {
    listeners.forEach(l -> l.copied(finding));
  }

  @Override
  public void adopted() {
    listeners.forEach(RelayEvents::adopted);
  }

  @Override
  public void destinations(Set<String> names) {
    listeners.forEach(l -> l.destinations(names));
  }

  @Override
  public void owned(String destination, long epoch) {
    listeners.forEach(l -> l.owned(destination, epoch));
  }

  @Override
  public void released(String destination, String reason) {
    listeners.forEach(l -> l.released(destination, reason));
  }

  @Override
  public void up(String destination) {
    listeners.forEach(l -> l.up(destination));
  }

  @Override
  public void down(String destination, String reason, long probeInMillis) {
    listeners.forEach(l -> l.down(destination, reason, probeInMillis));
  }

  @Override
  public void stalled(String destination, long quietMillis) {
    listeners.forEach(l -> l.stalled(destination, quietMillis));
  }

  @Override
  public void moving(String destination) {
    listeners.forEach(l -> l.moving(destination));
  }

  @Override
  public void alive() {
    listeners.forEach(l -> l.alive());
  }

  @Override
  public void connectionLost(String destination, String reason, int inFlight) {
    listeners.forEach(l -> l.connectionLost(destination, reason, inFlight));
  }

  @Override
  public void rung(String destination, int times) {
    listeners.forEach(l -> l.rung(destination, times));
  }

  @Override
  public void read(int messages) {
    listeners.forEach(l -> l.read(messages));
  }

  @Override
  public void sent(String destination, int messages, long bytes) {
    listeners.forEach(l -> l.sent(destination, messages, bytes));
  }

  @Override
  public void acknowledged(String destination, int messages) {
    listeners.forEach(l -> l.acknowledged(destination, messages));
  }

  @Override
  public void completed(int messages, int missing) {
    listeners.forEach(l -> l.completed(messages, missing));
  }

  @Override
  public void retried(
      String destination, WireId id, int attempts, long delayMillis, String reason) {
    listeners.forEach(l -> l.retried(destination, id, attempts, delayMillis, reason));
  }

  @Override
  public void failed(String destination, WireId id, int attempts, String reason) {
    listeners.forEach(l -> l.failed(destination, id, attempts, reason));
  }

  @Override
  public void expired(String destination, WireId id) {
    listeners.forEach(l -> l.expired(destination, id));
  }

  @Override
  public void held(String destination, int messages) {
    listeners.forEach(l -> l.held(destination, messages));
  }

  @Override
  public void discarded(String destination, int messages) {
    listeners.forEach(l -> l.discarded(destination, messages));
  }

  @Override
  public void missed(String destination, int messages) {
    listeners.forEach(l -> l.missed(destination, messages));
  }

  @Override
  public void passedOver(String destination, int messages) {
    listeners.forEach(l -> l.passedOver(destination, messages));
  }

  @Override
  public void stoppedWaiting(long waitedMillis) {
    listeners.forEach(l -> l.stoppedWaiting(waitedMillis));
  }

  @Override
  public void delivered(String destination, WireId id, long sentForNanos) {
    for (RelayEvents listener : listeners) {
      listener.delivered(destination, id, sentForNanos);
    }
  }

  @Override
  public void standing(String destination, int inFlight, int heldKeys) {
    listeners.forEach(l -> l.standing(destination, inFlight, heldKeys));
  }

  @Override
  public void pool(PoolUse use) {
    listeners.forEach(l -> l.pool(use));
  }

  @Override
  public void woken(Wake cause) {
    listeners.forEach(l -> l.woken(cause));
  }

  @Override
  public void heardOwnBell() {
    listeners.forEach(RelayEvents::heardOwnBell);
  }

  @Override
  public void asleep() {
    listeners.forEach(l -> l.asleep());
  }
}

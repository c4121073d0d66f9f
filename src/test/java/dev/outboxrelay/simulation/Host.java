// SPDX-License-Identifier: Apache-2.0
package dev.outboxrelay.simulation;

/** Where a process of a relay runs. It may stand still, be cut off from the database, and die. */
final class Host {
  private final String name;
  private boolean alive = true;
  private long frozenUntil;
  private long cutOffUntil;

  Host(String name) {
    this.name = name;
  }

  boolean isAlive() {
    return alive;
  }

  void die() {
    alive = false;
  }

  long frozenUntil() {
    return frozenUntil;
  }

  void freezeUntil(long nanos) {
    frozenUntil = Math.max(frozenUntil, nanos);
  }

  void thaw(long now) {
    frozenUntil = Math.min(frozenUntil, now);
    cutOffUntil = Math.min(cutOffUntil, now);
  }

  /** Nothing comes from the database or goes there before. */
  long cutOffUntil() {
    return cutOffUntil;
  }

  void cutOffUntil(long nanos) {
    cutOffUntil = Math.max(cutOffUntil, nanos);
  }

  @Override
  public String toString() {
    return name;
  }
}

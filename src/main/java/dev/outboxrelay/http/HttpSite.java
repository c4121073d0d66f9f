// SPDX-License-Identifier: Apache-2.0
package dev.outboxrelay.http;

/** All that one server serves. */
@FunctionalInterface
public interface HttpSite {
  /** The page for a request; called on the thread that serves connections, and quick. */
  HttpPage find(HttpRequest request);
}

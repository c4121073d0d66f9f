@NullMarked
package dev.outboxrelay.relay.sessions;

import org.jspecify.annotations.NullMarked;

@NullMarked
package dev.outboxrelay.relay.settling;

import org.jspecify.annotations.NullMarked;

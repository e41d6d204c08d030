"""Puts a process together: every part built once, by hand, in the order in which they depend on each other."""

from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from typing import Self
from uuid import uuid4

from moderator.errors import StoreError
from moderator.flow.accounts import Accounts
from moderator.flow.comments import Reading
from moderator.flow.intake import Intake
from moderator.flow.labels import LabelBook
from moderator.flow.library import Library
from moderator.flow.live import Live
from moderator.flow.models import Models
from moderator.flow.policies import Policies
from moderator.flow.review import Review
from moderator.scoring.bundle import Manifest
from moderator.settings import Settings
from moderator.store.bundles import Bundles
from moderator.store.client import Client
from moderator.store.comments import Comments
from moderator.store.labels import Labels
from moderator.store.policies import PolicyStore
from moderator.store.processes import Processes
from moderator.store.queue import Queue
from moderator.store.serving import Serving
from moderator.store.signals import Signals
from moderator.store.waiting import Waiting


@dataclass(frozen=True, slots=True, kw_only=True)
class Services:
    """Everything that the web layer, the workers and the commands call."""

    settings: Settings
    client: Client
    accounts: Accounts
    comments: Reading
    intake: Intake
    labels: LabelBook
    live: Live
    models: Models
    policies: Policies
    processes: Processes
    records: Comments
    review: Review
    waiting: Waiting
    executor: ThreadPoolExecutor

    @classmethod
    def build(cls, settings: Settings, client: Client) -> Self:
        """Join the parts; nothing is loaded, started or sent yet."""
        # The one thread in which everything is scored: numpy releases the lock in it, two would only take turns.
        executor = ThreadPoolExecutor(1, thread_name_prefix="scoring")
        records = Comments(client)
        reading = Reading(records)
        serving, bundles = Serving(client), Bundles(client, Manifest)
        processes = Processes(client, str(uuid4()))
        policies = Policies(PolicyStore(client), serving)
        library = Library(
            bundles, default=settings.bundle_folder, folder=settings.data / "bundles", views=settings.views
        )
        live = Live(
            serving=serving,
            policies=policies,
            library=library,
            processes=processes,
            executor=executor,
            salt=client.deployment.encode(),
        )
        return cls(
            settings=settings,
            client=client,
            accounts=Accounts(client),
            comments=reading,
            intake=Intake(
                settings, comments=records, signals=Signals(client), reading=reading, live=live, executor=executor
            ),
            labels=LabelBook(Labels(client)),
            live=live,
            models=Models(bundles=bundles, serving=serving, policies=policies, library=library, processes=processes),
            policies=policies,
            processes=processes,
            records=records,
            review=Review(records, Queue(client), reading, lease_s=settings.lease_s),
            waiting=Waiting(client),
            executor=executor,
        )

    async def start(self) -> None:
        """Load what every site is served with and begin to moderate.

        Raises:
            BundleError: a bundle that should serve cannot.
        """
        await self.live.start(await self.accounts.site_names())
        self.intake.start()
        await self.live.refresh()

    async def stop(self, timeout_s: float) -> None:
        """Finish what was taken, for at most `timeout_s`, and leave the list of live processes.

        A store that is down does not keep the service from ending: the list forgets a silent process by itself.
        """
        await self.intake.close(timeout_s)
        with suppress(StoreError):
            await self.processes.leave()
        self.executor.shutdown(wait=False, cancel_futures=True)

"""The page of the admin on which colleagues speak about a row."""

from __future__ import annotations

from django import forms
from django.contrib import messages
from django.contrib.auth import get_user_model
from django.core.exceptions import PermissionDenied
from django.db import models
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import path, reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from unfold.widgets import UnfoldAdminSelectWidget, UnfoldAdminTextareaWidget

from apps.operations.comments import (
    answer_comment,
    reopen_thread,
    settle_thread,
    write_comment,
)
from apps.operations.models import AuditEntry, Comment


class CommentForm(forms.Form):
    """What somebody says."""

    text = forms.CharField(
        label=_("comment"), max_length=4000, widget=UnfoldAdminTextareaWidget({"rows": 3})
    )


class ThreadForm(CommentForm):
    """What somebody says first, and to whom."""

    asked = forms.ModelChoiceField(
        None,
        label=_("for"),
        required=False,
        empty_label=_("the reviewers"),
        widget=UnfoldAdminSelectWidget,
    )

    def __init__(self, *args, people: models.QuerySet, **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["asked"].queryset = people


class Conversations:
    """A mixin for the admin of a model that colleagues speak about."""

    change_form_outer_before_template = "admin/operations/_conversation.html"

    def get_urls(self):
        name = f"{self.opts.app_label}_{self.opts.model_name}_comments"
        view = self.admin_site.admin_view(self.comments_view)
        return [path("<int:key>/comments/", view, name=name), *super().get_urls()]

    def changeform_view(self, request, object_id=None, form_url="", extra_context=None):
        context = dict(extra_context or {})
        if object_id and object_id.isdigit() and request.method == "GET":
            context["comments_address"] = self._conversation(object_id)
            context["comments_open"] = self._threads(object_id).open().count()
        return super().changeform_view(request, object_id, form_url, context)

    def comments_view(self, request: HttpRequest, key: int) -> HttpResponse:
        """Show what was said about a row; take what somebody says now."""
        row = get_object_or_404(self.get_queryset(request), pk=key)
        if not self.has_view_permission(request, row):
            raise PermissionDenied
        people = get_user_model().objects.filter(is_active=True, is_staff=True)
        people = people.exclude(pk=request.user.pk).order_by("username")
        form = ThreadForm(initial={"asked": self._editor_of(row, request)}, people=people)
        answer = CommentForm()
        if request.method == "POST":
            thread = self._thread(request, key)
            if thread is None:
                form = ThreadForm(request.POST, people=people)
            else:
                answer = CommentForm(request.POST)
            if self._take_comment(request, row, thread, form if thread is None else answer):
                return redirect(self._conversation(key))
        context = {
            **self.admin_site.each_context(request),
            "title": _("About %(name)s") % {"name": row},
            "opts": self.opts,
            "row": row,
            "back": reverse(
                f"admin:{self.opts.app_label}_{self.opts.model_name}_change", args=[row.pk]
            ),
            "threads": self._threads(key).prefetch_related("replies").select_related("asked"),
            "form": form,
            "answer": answer,
            "answered": request.POST.get("thread", ""),
        }
        return render(request, "admin/operations/comments.html", context)

    def _take_comment(
        self, request: HttpRequest, row, thread: Comment | None, form: forms.Form
    ) -> bool:
        """Do what was sent; say whether it could be done."""
        known = {"by": request.user, "at": timezone.now()}
        step = request.POST.get("step")
        if thread is not None and step in ("settle", "reopen"):
            (settle_thread if step == "settle" else reopen_thread)(thread, **known)
            return True
        if not form.is_valid():
            return False
        text = form.cleaned_data["text"]
        address = request.build_absolute_uri(self._conversation(row.pk))
        if thread is None:
            asked = form.cleaned_data["asked"]
            write_comment(row, text, asked=asked, address=address, **known)
        else:
            answer_comment(thread, text, address=address, **known)
        self.message_user(request, _("Comment added."), messages.SUCCESS)
        return True

    def _thread(self, request: HttpRequest, key: int) -> Comment | None:
        wanted = request.POST.get("thread", "")
        if not wanted:
            return None
        return get_object_or_404(self._threads(key), pk=wanted if wanted.isdigit() else 0)

    def _threads(self, key: object) -> models.QuerySet:
        return Comment.objects.about(self.model(pk=key))

    def _editor_of(self, row: models.Model, request: HttpRequest) -> int | None:
        """Return who else changed the row last: most remarks are for them."""
        changes = AuditEntry.objects.about(row).exclude(by_id=None).exclude(by_id=request.user.pk)
        return changes.values_list("by_id", flat=True).first()

    def _conversation(self, key: object) -> str:
        return reverse(f"admin:{self.opts.app_label}_{self.opts.model_name}_comments", args=[key])
